/**
 * The formats that a schema of a CustomResourceDefinition can ask of text. Pure; each check takes a time that grows
 * with the text alone.
 *
 * Source: k8s.io/apiextensions-apiserver pkg/apiserver/validation/formats.go, k8s.io/kube-openapi
 * pkg/validation/strfmt; Go net/url ParseRequestURI, net/mail ParseAddress, net ParseMAC. Differs: an email address
 * has no comments.
 */
import { isIp, parseCidr } from '#api/addresses.ts'
import { labelFaults, subdomainFaults } from '#api/names.ts'

type Check = (text: string) => boolean

const like =
  (pattern: RegExp): Check =>
  text =>
    pattern.test(text)

const HOSTNAME =
  /^(?:[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u
const HOSTNAME_MAX = 255
const LABEL_MAX = 63

const isHostname: Check = text =>
  Buffer.byteLength(text) <= HOSTNAME_MAX &&
  HOSTNAME.test(text) &&
  text.split('.').every(label => Buffer.byteLength(label) <= LABEL_MAX)

/** A UUID of one version; the fourth group has its variant from version 4 on. */
const uuid = (version: string, variant: string): Check =>
  like(
    new RegExp(
      `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`,
      'i',
    ),
  )

const isDate: Check = text => {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []
  const last = new Date(Date.UTC(2000, Number(month), 0))
  last.setUTCFullYear(Number(year), Number(month), 0)
  const isMonth = Number(month) >= 1 && Number(month) <= 12
  return year !== '' && isMonth && Number(day) >= 1 && Number(day) <= last.getUTCDate()
}

const CLOCK = /^(\d{2}):(\d{2}):(\d{2})(?:.[0-9]+)?(?:z|[+-]\d{2}:\d{2})$/

const isDateTime: Check = text => {
  const [date = '', time = ''] = text.toLowerCase().split('t')
  const [, hour, minute, second] = CLOCK.exec(time) ?? []
  if (hour === undefined || minute === undefined || second === undefined) return false
  return isDate(date) && hour <= '23' && minute <= '59' && second <= '59'
}

const GO_DURATION =
  /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*)$/
const PART = /(?<!\d)(\d+)\s*([A-Za-zµ]+)/g
const UNIT =
  /^(?:ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/
const DIGITS_MAX = 18

const isDuration: Check = text => {
  if (GO_DURATION.test(text)) return true
  const parts = [...text.matchAll(PART)]
  const isNumber = parts.every(([, count = '']) => count.length <= DIGITS_MAX)
  return isNumber && parts.some(([, , unit = '']) => UNIT.test(unit.toLowerCase()))
}

const digitsOf = (text: string): number[] => Array.from(text, Number)

function isCreditCard(text: string): boolean {
  const plain = text.replaceAll(/[^0-9]+/g, '')
  if (!CARD.test(plain)) return false
  const doubled = digitsOf(plain)
    .toReversed()
    .map((digit, at) => (at % 2 === 0 ? digit : digit * 2))
  return doubled.reduce((sum, digit) => sum + (digit > 9 ? digit - 9 : digit), 0) % 10 === 0
}

const CARD =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/

const isbnText = (text: string): string => text.replaceAll(/[\t\n\f\r -]+/g, '')

const isIsbn10: Check = text => {
  const plain = isbnText(text)
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(plain)) return false
  const digits = Array.from(plain, digit => (digit === 'X' ? 10 : Number(digit)))
  return digits.reduce((sum, digit, at) => sum + (at + 1) * digit, 0) % 11 === 0
}

const isIsbn13: Check = text => {
  const plain = isbnText(text)
  if (!/^[0-9]{13}$/.test(plain)) return false
  return (
    digitsOf(plain).reduce((sum, digit, at) => sum + (at % 2 === 0 ? 1 : 3) * digit, 0) % 10 === 0
  )
}

const BYTE = '(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])'

const isBase64: Check = text => {
  const plain = text.endsWith('==')
    ? text.slice(0, -2)
    : text.endsWith('=')
      ? text.slice(0, -1)
      : text
  return text !== '' && text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(plain)
}

/** 6, 8 or 20 bytes; pairs between colons or dashes, or fours between dots. */
const isMac: Check = text => {
  const bytes = /^[\da-f.:-]*$/i.test(text) ? text.replaceAll(/[.:-]/g, '').length / 2 : 0
  const isEven = [':', '-'].some(mark => text.split(mark).every(part => part.length === 2))
  const isByFours = text.split('.').every(part => part.length === 4)
  return [6, 8, 20].includes(bytes) && (isEven || isByFours)
}

const ATOM = /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+$/u
const QUOTED = /^"(?:[^"\\\r\n]|\\[^\r\n])*"$/

const isDotted: Check = text => text.split('.').every(part => ATOM.test(part))

function isMailbox(text: string): boolean {
  const at = text.lastIndexOf('@')
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)]
  return at > 0 && (isDotted(local) || QUOTED.test(local)) && isDotted(domain)
}

/** `a@b`, `<a@b>` or `Somebody <a@b>`. */
const isEmail: Check = text => {
  const plain = text.trim()
  if (!plain.endsWith('>')) return isMailbox(plain)
  const open = plain.lastIndexOf('<')
  const name = plain.slice(0, Math.max(open, 0)).trim()
  const isName = name === '' || QUOTED.test(name) || name.split(/\s+/).every(isDotted)
  return open >= 0 && isName && isMailbox(plain.slice(open + 1, -1).trim())
}

const hasEscapes: Check = text => !/%(?![\da-f]{2})/i.test(text)

const ASCII_CONTROL = /[^\P{Cc}\u0080-\u009f]/u

function isAuthority(text: string): boolean {
  const cut = text.lastIndexOf('@')
  const host = text.slice(cut + 1)
  if (cut >= 0 && !/^[\w\-.~!$&'()*+,;=:%@]*$/.test(text.slice(0, cut))) return false
  const isHost = /^(?:\[[^\]]*\]|[^[\]:]*)(?::\d*)?$/.test(host)
  return isHost && !/[ #%/?@\\^`{|}]/.test(host) && !ASCII_CONTROL.test(host)
}

/** An absolute URI, or an absolute path. */
const isUri: Check = text => {
  if (text === '' || ASCII_CONTROL.test(text)) return false
  const scheme = /^[a-z][a-z\d+\-.]*:/i.exec(text)?.[0] ?? ''
  const rest = text.slice(scheme.length).split('?', 1)[0] ?? ''
  if (!rest.startsWith('/')) return scheme !== '' || text === '*'
  if (scheme === '' || !rest.startsWith('//')) return hasEscapes(rest)
  const [authority = '', ...path] = rest.slice(2).split('/')
  return isAuthority(authority) && hasEscapes(path.join('/'))
}

/** By name without dashes: `date-time` and `datetime` are one. */
const FORMATS: Readonly<Record<string, Check>> = {
  bsonobjectid: like(/^[\da-f]{24}$/i),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: text => isIp(text) && text.includes('.'),
  ipv6: text => isIp(text) && text.includes(':'),
  cidr: text => parseCidr(text) !== undefined,
  mac: isMac,
  uuid: uuid('[0-9a-f]', '[0-9a-f]'),
  uuid3: uuid('3', '[0-9a-f]'),
  uuid4: uuid('4', '[89ab]'),
  uuid5: uuid('5', '[89ab]'),
  isbn: text => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: text => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: like(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: like(new RegExp(`^rgb\\(\\s*${BYTE}\\s*,\\s*${BYTE}\\s*,\\s*${BYTE}\\s*\\)$`)),
  byte: isBase64,
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: text => labelFaults(text).length === 0,
  k8slongname: text => subdomainFaults(text).length === 0,
}

/** undefined for a format that nobody checks. */
export const formatCheck = (name: string): Check | undefined => {
  const plain = name.replaceAll('-', '')
  return Object.hasOwn(FORMATS, plain) ? FORMATS[plain] : undefined
}
