import { expect, test } from 'vitest';
import { timeState } from '../../web/frame/time-state.ts';
import { isRecorded, keepRecording, readRecording, recordingHref } from '../../web/url/recording.ts';

test('only a number names a recording', () => {
  expect([
    readRecording('?recording=17'),
    readRecording('?recording=0'),
    readRecording('?recording=x'),
  ]).toEqual([17, null, null]);
});

test('addresses keep the recording wherever they lead in the page, and name no other', () => {
  expect(keepRecording('/stalls/3?filter=op%3Aread#x', 17)).toBe('/stalls/3?filter=op%3Aread&recording=17#x');
  expect(keepRecording('/?recording=2', 17)).toBe('/?recording=2');
  expect(keepRecording('https://elsewhere/', 17)).toBe('https://elsewhere/');
  expect(keepRecording('/stalls', null)).toBe('/stalls');
  expect(recordingHref(3, '/latency')).toBe('/latency?recording=3');
});

test('what a recording can answer is asked of it, and nothing else is', () => {
  const asked = ['/spans', '/spans/12', '/latency/breakdown', '/recordings', '/mirrors', '/spansy'];
  expect(asked.map(isRecorded)).toEqual([true, true, true, false, false, false]);
});

test('the strip names the recording, and its own times or those of a range in it', () => {
  const at = (h: number) => new Date(2025, 10, 18, h).getTime() * 1e3;
  const facts = {
    link: { kind: 'up' as const },
    gauges: { store: { state: 'ok' } } as never,
    gaps: [],
    pausedUs: at(4),
    heldSince: 0,
    anything: true,
    outside: false,
    nowUs: at(4),
    recording: { name: 'Monday', fromUs: at(1), toUs: at(4), state: 'done' },
  };
  expect(timeState({ ...facts, range: null })).toEqual({
    kind: 'recording',
    title: 'Monday',
    text: '01:00:00 – 04:00:00',
  });
  expect(timeState({ ...facts, range: { fromUs: at(2), toUs: at(3) } }).text).toBe('02:00:00 – 03:00:00');
});
