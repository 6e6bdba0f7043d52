import { afterEach, describe, expect, it } from 'vitest';
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { offsetOf, parseEventFormat, parseHeaderPage } from '../../../fuse/kernel/tracefs/format.ts';
import { pageLayout, walkPage } from '../../../fuse/kernel/tracefs/page.ts';
import { Requests } from '../../../fuse/kernel/tracefs/requests.ts';

const SEND = `name: fuse_request_send
ID: 1293
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:dev_t connection;	offset:8;	size:4;	signed:0;
	field:enum fuse_opcode opcode;	offset:24;	size:4;	signed:0;
	field:__data_loc char[] name;	offset:32;	size:4;	signed:0;

print fmt: "connection %u", REC->connection
`;
const PAGE = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;

describe('the kernel’s description of a record', () => {
  it('gives number and offsets', () => {
    const { id, fields } = parseEventFormat(SEND);
    expect([
      id,
      offsetOf(fields, 'common_pid'),
      offsetOf(fields, 'opcode'),
      offsetOf(fields, 'name'),
    ]).toEqual([1293, 4, 24, 32]);
    expect(() => offsetOf(fields, 'nodeid')).toThrow('no field nodeid');
    expect(() => parseEventFormat('')).toThrow('no ID');
  });
});

describe('a page of the ring buffer', () => {
  const layout = pageLayout(parseHeaderPage(PAGE));
  const walk = (commit: number, ...words: number[]) => {
    const bytes = new DataView(new ArrayBuffer(16 + words.length * 4));
    bytes.setBigUint64(0, 1_000n, true);
    bytes.setUint32(8, commit, true);
    words.forEach((word, i) => void bytes.setUint32(16 + i * 4, word, true));
    const seen: [at: number, bytes: number, timeNs: number][] = [];
    walkPage(bytes, layout, (at, size, timeNs) => void seen.push([(at - 16) / 4, size, timeNs]));
    return seen;
  };
  const head = (type: number, delta: number) => ((delta << 5) | type) >>> 0;

  it('holds records with differences of time', () => {
    expect(walk(20, head(2, 5), 0, 0, head(1, 7), 0)).toEqual([
      [1, 8, 1005],
      [4, 4, 1012],
    ]);
  });

  it('may extend a difference, or give an absolute time', () => {
    expect(walk(16, head(30, 3), 2, head(1, 1), 0)).toEqual([[3, 4, 1000 + 2 * 2 ** 27 + 3 + 1]]);
    expect(walk(16, head(31, 3), 2, head(1, 1), 0)).toEqual([[3, 4, 2 * 2 ** 27 + 3 + 1]]);
  });

  it('may hold long records, discarded ones, and nothing behind the last', () => {
    expect(walk(16, head(0, 1), 12, 0, 0)).toEqual([[2, 8, 1001]]);
    expect(walk(20, head(29, 4), 4, 0, head(1, 1), 0)).toEqual([]);
    expect(walk(16, head(29, 4), 4, head(1, 1), 0)).toEqual([[3, 4, 1005]]);
    expect(walk(16, head(29, 0), 0, head(1, 1), 0)).toEqual([]);
  });

  it('may carry the marks of lost records in its length, and ends where it is cut', () => {
    expect(walk((0xc000_0000 | 8) >>> 0, head(1, 1), 0, 99, 99)).toEqual([[1, 4, 1001]]);
    expect(walk(8, head(3, 1), 0)).toEqual([]);
  });
});

describe('requests', () => {
  const told: TapRecord[] = [];
  const givenUp: TapRecord[] = [];
  const requests = (maxOpen = 10) =>
    new Requests(
      { record: (one) => void told.push(one), givenUp: (one) => void givenUp.push(one) },
      (tid) => ({ tid, pid: tid - 1, uid: 5, gid: 6, comm: 'cat' }),
      maxOpen,
    );
  afterEach(() => {
    told.length = 0;
    givenUp.length = 0;
  });

  it('are told once when they end, with sizes from the lengths of their messages', () => {
    const table = requests();
    table.sent(7, 2, 16, 40 + 40 + 4096, 100, 1000);
    table.ended(7, 2, 24, 0, 200, 1500);
    table.sent(7, 4, 15, 80, 100, 2000);
    table.ended(7, 4, 16 + 512, 0, 200, 2300);
    table.sent(7, 6, 1, 50, 100, 3000);
    table.ended(7, 6, 16, -2, 200, 3001);
    table.tellOpen();
    expect(told).toMatchObject([
      {
        kind: 'done',
        opcode: 16,
        size: 4096,
        bytes: null,
        durationNs: 500,
        tid: 100,
        pid: 99,
        daemonTid: 200,
      },
      { kind: 'done', opcode: 15, size: null, bytes: 512, durationNs: 300, errno: 0 },
      { kind: 'done', opcode: 1, errno: 2, uid: 5, gid: 6, comm: 'cat' },
    ]);
  });

  it('that stay open are told once as open; ends of others say nothing', () => {
    const table = requests();
    table.sent(7, 2, 15, 80, 100, 1000);
    table.ended(8, 2, 16, 0, 200, 1100);
    table.tellOpen();
    table.tellOpen();
    expect(told).toMatchObject([{ kind: 'open', unique: 2, durationNs: null }]);
    table.ended(7, 2, 16, 0, 200, 1200);
    expect(told).toMatchObject([{ kind: 'open' }, { kind: 'done', unique: 2, durationNs: 200 }]);
  });

  it('are bounded: the oldest is given up', () => {
    const table = requests(2);
    for (const unique of [2, 4, 6]) table.sent(7, unique, 15, 80, 100, unique);
    expect(givenUp).toMatchObject([{ unique: 2 }]);
    expect([...table.open].map((one) => one.unique)).toEqual([4, 6]);
  });

  it('of connections that are no longer watched are forgotten', () => {
    const table = requests();
    table.sent(7, 2, 15, 80, 100, 1000);
    table.sent(8, 2, 15, 80, 100, 1000);
    table.keep(new Set([8]));
    table.tellOpen();
    expect(told).toMatchObject([{ connection: 8 }]);
  });
});
