// An S3 server for tests, in this process: one bucket in memory, asked for by path (/bucket/key), without a check of
// who asks. It answers what s3fs asks for (listing in both versions, HEAD, GET with ranges, PUT, copies, DELETE) and
// nothing else: no uploads in parts, no versions, no access lists.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Object {
  body: Buffer;
  /** `content-type` and `x-amz-meta-*`, in which s3fs keeps mode, owner and times. */
  headers: Readonly<Record<string, string>>;
  modified: Date;
}

export interface S3Server {
  url: string;
  /** By key. Tests may put objects here, and see what has become of them. */
  objects: Map<string, S3Object>;
  /** Keys that nobody may have: 403. */
  denied: Set<string>;
  /** Every request so far, as `GET /bucket/key?query`. */
  requests: string[];
  close(): Promise<void>;
}

interface Request {
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
  pageKeys: number;
}

interface Answer {
  status: number;
  headers?: OutgoingHttpHeaders;
  body?: Buffer | string;
}

type Objects = Map<string, S3Object>;

const XML = { 'content-type': 'application/xml' };

/** @param pageKeys most keys in one answer of a listing, whatever it asks for. */
export async function startS3(pageKeys = 1000): Promise<S3Server> {
  const objects: Objects = new Map();
  const denied = new Set<string>();
  const requests: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const method = incoming.method ?? '';
    requests.push(`${method} ${incoming.url}`);
    const body = Buffer.concat(await incoming.toArray());
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const key = keyOf(url.pathname);
    const request = { key, query: url.searchParams, headers: incoming.headers, body, pageKeys };
    const answer = denied.has(key)
      ? { status: 403 }
      : (METHODS[method]?.(objects, request) ?? { status: 501 });
    // The length of what HEAD leaves out is told too.
    outgoing.writeHead(answer.status, { 'content-length': answer.body?.length ?? 0, ...answer.headers });
    outgoing.end(method === 'HEAD' ? undefined : answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    denied,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const METHODS: Readonly<Record<string, (objects: Objects, request: Request) => Answer>> = {
  GET: (objects, request) => (request.key === '' ? listing(objects, request) : read(objects, request)),
  HEAD: read,
  PUT(objects, { key, headers, body }) {
    const from = headers['x-amz-copy-source'];
    const source = typeof from === 'string' ? objects.get(keyOf(`/${from.replace(/^\//, '')}`)) : undefined;
    if (from !== undefined && !source) return { status: 404 };
    const object = {
      body: source?.body ?? body,
      // s3fs always says what a copy is to have (x-amz-metadata-directive: REPLACE).
      headers: Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) =>
          name === 'content-type' || name.startsWith('x-amz-meta-') ? [[name, String(value)]] : [],
        ),
      ),
      modified: new Date(),
    };
    objects.set(key, object);
    if (!source) return { status: 200, headers: { etag: etagOf(object) } };
    const told = `<LastModified>${object.modified.toISOString()}</LastModified><ETag>${etagOf(object)}</ETag>`;
    return { status: 200, headers: XML, body: Buffer.from(`<CopyObjectResult>${told}</CopyObjectResult>`) };
  },
  DELETE(objects, { key }) {
    objects.delete(key);
    return { status: 204 };
  },
};

function read(objects: Objects, { key, headers }: Request): Answer {
  const object = objects.get(key);
  if (!object) return { status: 404 };
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  return {
    status: range ? 206 : 200,
    headers: { ...object.headers, etag: etagOf(object), 'last-modified': object.modified.toUTCString() },
    body: range ? object.body.subarray(Number(range[1]), Number(range[2]) + 1) : object.body,
  };
}

/** ListObjects and, with `list-type=2`, ListObjectsV2: keys in order, those below a delimiter as one. */
function listing(objects: Objects, { query, pageKeys }: Request): Answer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? query.get('marker') ?? '';
  const entries = new Set(
    [...objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => {
        const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
        return end === -1 ? key : key.slice(0, end + delimiter.length);
      }),
  );
  const all = [...entries].toSorted().filter((entry) => entry > after);
  const shown = all.slice(0, Math.min(pageKeys, Number(query.get('max-keys') ?? pageKeys)));
  const cut = shown.length < all.length;
  const next = query.get('list-type') === '2' ? 'NextContinuationToken' : 'NextMarker';
  const body = [
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Prefix>${escaped(prefix)}</Prefix><IsTruncated>${cut}</IsTruncated>`,
    cut ? `<${next}>${escaped(shown.at(-1) ?? '')}</${next}>` : '',
    ...shown.map((entry) => {
      const object = objects.get(entry);
      return object
        ? `<Contents><Key>${escaped(entry)}</Key><LastModified>${object.modified.toISOString()}</LastModified><ETag>${etagOf(object)}</ETag><Size>${object.body.length}</Size></Contents>`
        : `<CommonPrefixes><Prefix>${escaped(entry)}</Prefix></CommonPrefixes>`;
    }),
    '</ListBucketResult>',
  ];
  return { status: 200, headers: XML, body: Buffer.from(body.join('')) };
}

/** The key in `/bucket/key`; empty for the bucket itself. */
function keyOf(path: string): string {
  return decodeURIComponent(/^\/[^/]*\/?(.*)$/s.exec(path)?.[1] ?? '');
}

function etagOf(object: S3Object): string {
  return `"${createHash('md5').update(object.body).digest('hex')}"`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
