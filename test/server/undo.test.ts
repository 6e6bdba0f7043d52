import { expect, it } from 'vitest';
import { Undo } from '../../server/process/undo.ts';

it('steps are taken back from the last to the first, each once, also where one fails', async () => {
  const taken: string[] = [];
  const undo = new Undo();
  undo.push(() => taken.push('store'));
  undo.push(async () => {
    taken.push('app');
    throw new Error('app');
  });
  undo.push(() => {
    throw new Error('mirror');
  });
  undo.push(async () => taken.push('tap'));
  await expect(undo.run()).rejects.toThrow('mirror');
  expect(taken).toEqual(['tap', 'app', 'store']);
  await undo.run();
  expect(taken).toHaveLength(3);
});
