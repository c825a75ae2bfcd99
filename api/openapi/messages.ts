/**
 * How parts of an OpenAPI document become protobuf: a message is a table from JSON keys to what writes their field.
 * Pure but for the writer it is handed, which fills from the end: what stands last is written first.
 *
 * Errors  Error for a key that a message has no place for: the tables of v2 and v3 are wrong then.
 * Source: github.com/google/gnostic-models openapiv2, openapiv3 (both .proto files), jsonschema
 */
import type { Writer } from '#api/protobuf/writer.ts'
import { isRecord } from '#api/values.ts'

/** Writes a value: a field with its tag, or the content of a message. */
export type Put = (writer: Writer, value: unknown) => void
export type Message = Readonly<Record<string, Put>>

const LENGTH_DELIMITED = 2

export const inside =
  (number: number, content: Put): Put =>
  (writer, value) => {
    const before = writer.written
    content(writer, value)
    writer.varint(writer.written - before)
    writer.varint((number << 3) | LENGTH_DELIMITED)
  }

export const text =
  (number: number): Put =>
  (writer, value) => {
    writer.text(String(value))
    writer.varint((number << 3) | LENGTH_DELIMITED)
  }

export const flag =
  (number: number): Put =>
  (writer, value) => {
    if (value !== true) return
    writer.byte(1)
    writer.varint(number << 3)
  }

/** A list as a repeated field. */
export const each =
  (put: Put): Put =>
  (writer, value) => {
    for (const item of Array.isArray(value) ? value.toReversed() : []) put(writer, item)
  }

/** Any JSON at all, as gnostic keeps it: text of YAML, which JSON is. */
export const anything = (number: number): Put =>
  inside(number, (writer, value) => text(2)(writer, JSON.stringify(value)))

const named =
  (put: Put): Put =>
  (writer, value) => {
    const [name, content] = Array.isArray(value) ? value : []
    put(writer, content)
    text(1)(writer, name)
  }

/** An object as a repeated field of messages: name 1, value 2. */
export const entries =
  (number: number, content: Put): Put =>
  (writer, value) => {
    const pair = inside(number, named(inside(2, content)))
    for (const entry of Object.entries(isRecord(value) ? value : {}).toReversed())
      pair(writer, entry)
  }

/** The content of a message; keys that begin with `x-` are its extensions. */
export const message =
  (fields: Message, extension = 0): Put =>
  (writer, value) => {
    for (const [key, part] of Object.entries(isRecord(value) ? value : {}).toReversed()) {
      const isExtension = extension > 0 && key.startsWith('x-')
      const put = isExtension ? EXTENSION(extension) : fields[key]
      if (put === undefined) throw new Error(`no place for ${key} in a message of OpenAPI`)
      put(writer, isExtension ? [key, part] : part)
    }
  }

const EXTENSION = (number: number): Put => inside(number, named(anything(2)))

/** For messages that contain themselves. */
export const later =
  (put: () => Put): Put =>
  (writer, value) =>
    put()(writer, value)
