// A schema that also takes null, in the form OpenAPI 3.1 understands.
import Type from 'typebox';

/** The schema, or null. */
export function nullable<T extends Type.TSchema>(schema: T, description?: string) {
  return Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
}
