// Reads the kernel's own description of its binary trace records (events/*/format, events/header_page; see
// Documentation/trace/events.rst), since offsets differ between kernels.

export interface Field {
  offset: number;
  size: number;
  signed: boolean;
}

export interface EventFormat {
  /** The number records of this event begin with. */
  id: number;
  fields: ReadonlyMap<string, Field>;
}

/** Text of an event's `format` file. @throws Error where it is none. */
export function parseEventFormat(text: string): EventFormat {
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (id === undefined) throw new Error('the event has no ID');
  return { id: Number(id), fields: parseFields(text) };
}

/** Text of `header_page`: offsets of the head of each page of the ring buffer. */
export function parseHeaderPage(text: string): ReadonlyMap<string, Field> {
  return parseFields(text);
}

function parseFields(text: string): Map<string, Field> {
  const line = /field: ?([^;]+);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d);)?/g;
  const fields = new Map<string, Field>();
  for (const [, declaration = '', offset, size, signed] of text.matchAll(line)) {
    const name = /(\w+)(\[\w*\])?$/.exec(declaration.trim())?.[1];
    if (name !== undefined)
      fields.set(name, { offset: Number(offset), size: Number(size), signed: signed === '1' });
  }
  return fields;
}

/** Offset of a field. @throws Error where this kernel's event has no such field. */
export function offsetOf(fields: ReadonlyMap<string, Field>, name: string): number {
  const field = fields.get(name);
  if (!field) throw new Error(`the event has no field ${name}`);
  return field.offset;
}
