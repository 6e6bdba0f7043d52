import { expect, test } from 'vitest';
import { ServerClock } from '../../web/live/clock.ts';

test('the server’s time is told by the frame that was under way shortest', () => {
  let localUs = 0;
  const clock = new ServerClock(() => localUs);
  localUs = 1_000;
  clock.heard(5_000_900 - 700);
  localUs = 2_000;
  clock.heard(5_002_000 - 50);
  localUs = 3_000;
  clock.heard(5_003_000 - 400);
  expect(clock.nowUs()).toBe(5_002_950);
});

test('a server whose clock was set back is followed once the old frames are forgotten', () => {
  let localUs = 0;
  const clock = new ServerClock(() => localUs);
  clock.heard(9_000_000);
  for (let i = 1; i <= 40; i++) {
    localUs = i;
    clock.heard(1_000_000 + i);
  }
  expect(clock.nowUs()).toBe(1_000_040);
});
