/** The names of the fields that may stand at a place of `worker.yaml`, for whoever mistyped one. */
import { z } from 'zod';
import { fileSchema } from './worker-schema.ts';
import type { FieldPath } from './worker-yaml.ts';

export function knownFields(at: FieldPath): readonly string[] {
  let schema: unknown = fileSchema;
  for (const step of at) {
    const inner = unwrapped(schema);
    if (inner instanceof z.ZodObject) schema = (inner.shape as Record<string, unknown>)[String(step)];
    else if (inner instanceof z.ZodRecord) schema = inner.valueType;
    else return [];
  }
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  const isWrapper =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable;
  return isWrapper ? unwrapped(schema.unwrap()) : schema;
}
