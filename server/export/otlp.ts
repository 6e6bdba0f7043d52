// OpenTelemetry's file format: one OTLP request a line (https://opentelemetry.io/docs/specs/otel/protocol/file-exporter),
// which collectors read with their otlpjsonfile receiver, and which can be posted line by line.
import type { Exporter } from './format.ts';
import { OtlpWriter } from './otlp-spans.ts';

export const otlp: Exporter = {
  contentType: 'application/x-ndjson',
  extension: 'otlp.jsonl',
  async *write(chunks, info) {
    const mounts = new Map(info.mounts.map((mount) => [mount.id, mount]));
    const out = new OtlpWriter();
    for await (const spans of chunks) {
      out.request(spans, mounts, info.untilUs, info.version);
      out.line();
      yield out.take();
    }
  },
};
