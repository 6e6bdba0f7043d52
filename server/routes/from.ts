// Which database a question goes to: the live one, or that of a recording (`recording=ID`).
import Type from 'typebox';
import { RecordingParam } from '../../shared/recording.ts';
import type { Context } from '../context.ts';
import type { StoreReads } from '../store/types.ts';

/** For questions that take nothing else. */
export const FromSchema = Type.Object(
  { recording: Type.Optional(RecordingParam) },
  { additionalProperties: false },
);

export interface Source {
  reads: StoreReads;
  /** What open spans are open until: now, or the end of the recording. */
  nowUs: number;
  isLive: boolean;
}

/** @throws CodedError FUSESCOPE_NOT_FOUND, FUSESCOPE_CONFLICT for a recording that is still being copied */
export async function sourceOf(context: Context, recording: number | undefined): Promise<Source> {
  if (recording === undefined) {
    return { reads: context.store, nowUs: context.clock.wallUs(), isLive: true };
  }
  const reads = await context.recordings.reads(recording);
  return { reads, nowUs: reads.nowUs, isLive: false };
}
