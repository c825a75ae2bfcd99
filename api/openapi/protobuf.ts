/**
 * OpenAPI documents as protobuf, portion by portion: the tables of both versions. Pure.
 *
 * Output  pieces that, joined, are one Document: Protobuf merges a message that comes in several pieces.
 * As gnostic has it, a default of v3 that is an object or list is an empty message: there is no field for it.
 * Source: github.com/google/gnostic-models openapiv2/OpenAPIv2.proto, openapiv3/OpenAPIv3.proto
 */
import { Writer } from '#api/protobuf/writer.ts'
import {
  anything,
  each,
  entries,
  flag,
  inside,
  later,
  message,
  type Message,
  type Put,
  text,
} from './messages.ts'
import type { Portion } from './portions.ts'
import { isRecord } from '#api/values.ts'

/** Text, or a list of texts. */
const texts =
  (number: number): Put =>
  (writer, value) =>
    each(text(number))(writer, Array.isArray(value) ? value : [value])

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']
const methods = (first: number, operation: Put): Message =>
  Object.fromEntries(METHODS.map((method, index) => [method, inside(first + index, operation)]))

const SCHEMA_2: Put = later(() => schema2)

const schema2: Put = message(
  {
    $ref: text(1),
    format: text(2),
    description: text(4),
    default: anything(5),
    required: texts(19),
    enum: each(anything(20)),
    additionalProperties: inside(21, inside(1, SCHEMA_2)),
    type: inside(22, texts(1)),
    items: inside(23, inside(1, SCHEMA_2)),
    properties: inside(25, entries(1, SCHEMA_2)),
  },
  31,
)

const parameterFields = (numbers: readonly number[]): Message => {
  const [required = 0, place = 0, description = 0, name = 0, type = 0, unique = 0] = numbers
  return {
    required: flag(required),
    in: text(place),
    description: text(description),
    name: text(name),
    type: text(type),
    uniqueItems: flag(unique),
  }
}
const QUERY_PARAMETER = message(parameterFields([1, 2, 3, 4, 6, 20]))
const PATH_PARAMETER = message(parameterFields([1, 2, 3, 4, 5, 19]))
const BODY_PARAMETER = message({
  description: text(1),
  name: text(2),
  in: text(3),
  required: flag(4),
  schema: inside(5, SCHEMA_2),
})

const PARAMETERS: Readonly<Record<string, Put>> = {
  body: inside(1, BODY_PARAMETER),
  query: inside(2, inside(3, QUERY_PARAMETER)),
  path: inside(2, inside(4, PATH_PARAMETER)),
}
/** Parameter. */
const stated2: Put = (writer, value) => {
  const place = isRecord(value) ? String(value['in']) : ''
  PARAMETERS[place]?.(writer, value)
}
const SHARED_2 = inside(2, message({ $ref: text(1) }))
/** ParametersItem. */
const parameter2: Put = (writer, value) => {
  const isShared = isRecord(value) && value['$ref'] !== undefined
  ;(isShared ? SHARED_2 : inside(1, stated2))(writer, value)
}

const RESPONSE_2 = message({ description: text(1), schema: inside(2, inside(1, SCHEMA_2)) })
const OPERATION_2 = message(
  {
    tags: texts(1),
    description: text(3),
    operationId: text(5),
    produces: texts(6),
    consumes: texts(7),
    parameters: each(inside(8, parameter2)),
    responses: inside(9, entries(1, inside(1, RESPONSE_2))),
    schemes: texts(10),
  },
  13,
)
const DOCUMENT_2 = message({
  swagger: text(1),
  info: inside(2, message({ title: text(1), version: text(2) })),
  paths: inside(
    8,
    entries(2, message({ ...methods(2, OPERATION_2), parameters: each(inside(9, parameter2)) })),
  ),
  definitions: inside(9, entries(1, SCHEMA_2)),
  parameters: inside(10, entries(1, stated2)),
  security: each(inside(12, entries(1, texts(1)))),
  securityDefinitions: inside(
    13,
    entries(
      1,
      inside(2, message({ type: text(1), name: text(2), in: text(3), description: text(4) })),
    ),
  ),
})

/** DefaultType. */
const scalar: Put = (writer, value) => {
  if (typeof value === 'string') text(3)(writer, value)
  if (typeof value === 'boolean') {
    writer.byte(value ? 1 : 0)
    writer.varint(2 << 3)
  }
  if (typeof value === 'number') {
    writer.double(value)
    writer.varint((1 << 3) | 1)
  }
}
const REFERENCE = inside(2, message({ $ref: text(1) }))
/** SchemaOrReference. */
const SCHEMA_3: Put = later(() => (writer, value) => {
  const isReference = isRecord(value) && value['$ref'] !== undefined
  ;(isReference ? REFERENCE : inside(1, schema3))(writer, value)
})
const schema3: Put = message(
  {
    required: texts(23),
    enum: each(anything(24)),
    type: text(25),
    uniqueItems: flag(20),
    allOf: each(inside(26, SCHEMA_3)),
    oneOf: each(inside(27, SCHEMA_3)),
    items: inside(30, inside(1, SCHEMA_3)),
    properties: inside(31, entries(1, SCHEMA_3)),
    additionalProperties: inside(32, inside(1, SCHEMA_3)),
    default: inside(33, scalar),
    description: text(34),
    format: text(35),
  },
  36,
)
const PARAMETER_3 = inside(
  1,
  message({
    name: text(1),
    in: text(2),
    description: text(3),
    required: flag(4),
    schema: inside(10, SCHEMA_3),
  }),
)
const CONTENT = entries(1, message({ schema: inside(1, SCHEMA_3) }))
const RESPONSE_3 = message({ description: text(1), content: inside(3, CONTENT) })
const OPERATION_3 = message(
  {
    tags: texts(1),
    description: text(3),
    operationId: text(5),
    parameters: each(inside(6, PARAMETER_3)),
    requestBody: inside(7, inside(1, message({ content: inside(2, CONTENT), required: flag(3) }))),
    responses: inside(8, entries(2, inside(1, RESPONSE_3))),
  },
  13,
)
const SECURITY_SCHEME = message({
  type: text(1),
  description: text(2),
  name: text(3),
  in: text(4),
})
const DOCUMENT_3 = message({
  openapi: text(1),
  info: inside(2, message({ title: text(1), version: text(6) })),
  paths: inside(
    4,
    entries(1, message({ ...methods(4, OPERATION_3), parameters: each(inside(13, PARAMETER_3)) })),
  ),
  components: inside(
    5,
    message({
      schemas: inside(1, entries(1, SCHEMA_3)),
      securitySchemes: inside(7, entries(1, inside(1, SECURITY_SCHEME))),
    }),
  ),
})

const DOCUMENTS = { v2: DOCUMENT_2, v3: DOCUMENT_3 }
const writer = new Writer()

export function protobufOf(version: 'v2' | 'v3', { at, entries: added }: Portion): Buffer {
  const fragment = at.reduceRight<unknown>((inner, key) => ({ [key]: inner }), added)
  writer.clear()
  DOCUMENTS[version](writer, fragment)
  return writer.take()
}
