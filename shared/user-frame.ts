// A frame of a thread's stack in its own code, as the examiner shows it.
import Type, { type Static } from 'typebox';

const UserFrameSchema = Type.Object({
  text: Type.String({
    description: 'ask_server+0x4a (stuckfs); without a symbol the address in its file: stuckfs+0x12f0',
  }),
  guessed: Type.Boolean({
    description: 'a return address that lay on the stack where a frame is likely; it may be a left-over',
  }),
});
export type UserFrame = Static<typeof UserFrameSchema>;

/** Optional for the sake of stalls that an older version has stored. */
export const UserStackSchema = Type.Optional(
  Type.Array(UserFrameSchema, {
    description:
      'its own functions, innermost first, 32 at most; empty where it ran, where not readable, and elsewhere than on x86_64',
  }),
);
