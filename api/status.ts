/**
 * `metav1.Status` and the one error class that becomes an HTTP answer.
 *
 * Whoever refuses a request throws one of the constructors below; only `server/http` turns it into bytes.
 * Messages follow upstream, because clients match on them.
 * Source: k8s.io/apimachinery pkg/api/errors/errors.go
 */

/** Upstream's StatusReason with its HTTP code. Adding a reason adds a row. */
export const REASONS = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  /** Says nothing of itself: such a Status has no reason. */
  Unknown: 500,
} as const

export type Reason = keyof typeof REASONS

export interface StatusCause {
  /** `FieldValueRequired`, `FieldValueInvalid`, `FieldManagerConflict`, ... */
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  /** `continue`: how a reader whose list expired may go on. */
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: Reason
  readonly details?: StatusDetails
  readonly code?: number
}

export class StatusError extends Error {
  readonly reason: Reason
  readonly code: number
  readonly details: StatusDetails | undefined
  /** A token that lets an expired list go on. */
  readonly continue: string | undefined

  constructor(
    reason: Reason,
    message: string,
    details?: StatusDetails,
    options?: ErrorOptions & { readonly continue?: string },
  ) {
    super(message, options)
    this.name = 'StatusError'
    this.reason = reason
    this.code = REASONS[reason]
    this.details = details
    this.continue = options?.continue
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continue === undefined ? {} : { continue: this.continue },
      status: 'Failure',
      message: this.message,
      ...(this.reason === 'Unknown' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

export const isReason = (error: unknown, ...reasons: readonly Reason[]): error is StatusError =>
  error instanceof StatusError && reasons.includes(error.reason)

/** What a message calls a thing: `pods "web"`, `deployments.apps "web"`. */
export interface Subject {
  readonly group: string
  /** Plural resource name, lower case. */
  readonly resource: string
  readonly name: string
}

const qualified = (subject: Pick<Subject, 'group' | 'resource'>): string =>
  subject.group === '' ? subject.resource : `${subject.resource}.${subject.group}`

const quoted = (subject: Subject): string => `${qualified(subject)} "${subject.name}"`

/** Upstream writes the resource, not the kind, into `details.kind` of these. */
const detailsOf = (subject: Subject): StatusDetails => ({
  ...(subject.name === '' ? {} : { name: subject.name }),
  ...(subject.group === '' ? {} : { group: subject.group }),
  kind: subject.resource,
})

export const badRequest = (message: string): StatusError => new StatusError('BadRequest', message)

export const unauthorized = (message = 'Unauthorized'): StatusError =>
  new StatusError('Unauthorized', message)

export const forbidden = (subject: Subject, why: string): StatusError =>
  new StatusError(
    'Forbidden',
    subject.name === ''
      ? `${qualified(subject)} is forbidden: ${why}`
      : `${quoted(subject)} is forbidden: ${why}`,
    detailsOf(subject),
  )

export const notFound = (subject: Subject): StatusError =>
  new StatusError('NotFound', `${quoted(subject)} not found`, detailsOf(subject))

/** For paths that no resource serves: kubectl prints this message as it is. */
export const noSuchResource = (): StatusError =>
  new StatusError('NotFound', 'the server could not find the requested resource', {})

export const alreadyExists = (subject: Subject): StatusError =>
  new StatusError('AlreadyExists', `${quoted(subject)} already exists`, detailsOf(subject))

export const conflict = (subject: Subject, why: string): StatusError =>
  new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${quoted(subject)}: ${why}`,
    detailsOf(subject),
  )

/** The text every optimistic writer gets, and retries on. */
export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again'

export const methodNotAllowed = (): StatusError =>
  new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  )

export const expired = (message: string): StatusError => new StatusError('Expired', message)

export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  new StatusError('TooManyRequests', message, { retryAfterSeconds })

export const internalError = (why: string, cause?: unknown): StatusError =>
  new StatusError(
    'InternalError',
    `Internal error occurred: ${why}`,
    { causes: [{ message: why }] },
    { cause },
  )

/** One fault of one field. `detail` is the part after the field path. */
export interface FieldError {
  readonly type:
    | 'FieldValueNotFound'
    | 'FieldValueRequired'
    | 'FieldValueDuplicate'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'InternalError'
  /** `spec.containers[0].name` */
  readonly field: string
  /** Everything after `<field>: `, e.g. `Invalid value: "x": must be ...`. */
  readonly message: string
}

/**
 * The 422 that lists every fault of an object.
 * Message: `Kind.group "name" is invalid: field: fault` or `...: [a, b]` for several.
 */
export function invalid(
  subject: { readonly group: string; readonly kind: string; readonly name: string },
  faults: readonly FieldError[],
): StatusError {
  const kind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`
  // What is said twice is counted twice, and told once.
  const lines = [...new Set(faults.map(fault => `${fault.field}: ${fault.message}`))]
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new StatusError('Invalid', `${kind} "${subject.name}" is invalid: ${text}`, {
    ...(subject.name === '' ? {} : { name: subject.name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    ...(subject.kind === '' ? {} : { kind: subject.kind }),
    causes: faults.map(fault => ({
      reason: fault.type,
      message: fault.message,
      field: fault.field,
    })),
  })
}
