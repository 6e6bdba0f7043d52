// What is wrong in a configuration file is said with line and column.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseConfig } from '../../server/config/read.ts';

const wrong: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['no JSON', '{\n  "alerts": [1,,2]\n}', /^f:2:16: it is no JSON/],
  ['an end that is missing', '{\n  "alerts": [', /^f:2:14: it is no JSON/],
  ['a name that is not known', '{\n  "alerts": [],\n  "alarms": []\n}', /^f:3:3: "alarms" is not known here/],
  [
    'a name that is not known in an alert',
    '{"alerts": [\n  {"name": "a", "journal": true},\n  {"name": "b", "journal": true, "mounts": "/x"}\n]}',
    /^f:3:34: "alerts.1.mounts" is not known here/,
  ],
  ['a name that is missing', '{"alerts": [{"journal": true}]}', /^f:1:13: alerts.0 lacks name/],
  [
    'a cause that there is not',
    '{"alerts": [{"name": "a", "journal": true, "cause": ["deadlock"]}]}',
    /^f:1:54: "alerts.0.cause.0" must be one of daemon-stopped, /,
  ],
  [
    'a time that is none',
    '{"alerts": [{"name": "a", "journal": true,\n "after": "soon"}]}',
    /^f:2:2: "alerts.0.after" must be a time such as 500ms, 10s or 2m/,
  ],
  [
    'a program without its path',
    '{"alerts": [{"name": "a", "command": ["mail", "root"]}]}',
    /^f:1:39: "alerts.0.command.0" must be the absolute path of a program/,
  ],
  ['an alert that tells nobody', '{"alerts": [{"name": "a"}]}', /^f:1:13: alert "a" tells nobody/],
  [
    'two alerts of one name',
    '{"alerts": [{"name": "a", "journal": true},\n{"journal": true, "name": "a"}]}',
    /^f:2:19: there is another alert of the name "a"/,
  ],
];

for (const [what, text, says] of wrong) {
  it(`says where ${what} stands`, () => {
    expect(() => parseConfig(text, 'f')).toThrow(says);
  });
}

it('takes the example of the README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /^ {4}\{\n {6}"alerts"[\s\S]*?^ {4}\}$/m.exec(readme)?.[0] ?? '';
  expect(parseConfig(example, 'README.md').alerts).toHaveLength(3);
});

it('reads what is right, escapes and all', () => {
  const text =
    '{"alerts":[{"name":"a \\"b\\"\\\\","mount":"/mnt/**","op":["read"],"after":"1.5s","command":["/bin/true","-x"]}]}';
  expect(parseConfig(text, 'f').alerts?.[0]).toMatchObject({ name: 'a "b"\\', after: '1.5s' });
});
