/**
 * A refusal that a user can cause: a value, not an exception. The code is stable; its text stands in
 * locales/<language>/errors.json under `<code>.title` and `<code>.detail`.
 */
export class Refusal {
  readonly code: string
  readonly status: number
  readonly params: Readonly<Record<string, string | number>>
  /** Which inputs are at fault, by path in the request body. */
  readonly fields: readonly FieldFault[]
  /** Whether what the transaction wrote is kept all the same (a counted attempt); else it is rolled back. */
  readonly kept: boolean

  constructor(
    code: string,
    status: number,
    params: Readonly<Record<string, string | number>>,
    fields: readonly FieldFault[],
    kept = false,
  ) {
    this.kept = kept
    this.code = code
    this.status = status
    this.params = params
    this.fields = fields
  }
}

/** One input at fault: its path in the body, and a code with a text in errors.json under `field.<code>`. */
export type FieldFault = { path: string; code: string; params?: Record<string, string | number> }

/**
 * Makes a refusal. `status` is the HTTP status (409 by default: the request was understood, the state forbids it).
 */
export function refuse(
  code: string,
  options: {
    status?: number
    params?: Record<string, string | number>
    fields?: FieldFault[]
    kept?: boolean
  } = {},
): Refusal {
  return new Refusal(code, options.status ?? 409, options.params ?? {}, options.fields ?? [], options.kept)
}

/** The object does not exist or is not the caller's: one answer for both, so that existence never leaks. */
export function notFound(): Refusal {
  return refuse('not_found', { status: 404 })
}

/** A refusal because of one input. */
export function refuseField(path: string, code: string, params?: Record<string, string | number>): Refusal {
  return refuse('invalid_input', { status: 422, fields: [{ path, code, ...(params ? { params } : {}) }] })
}

export function isRefusal(value: unknown): value is Refusal {
  return value instanceof Refusal
}

type DatabaseError = { code?: string; constraint?: string; table?: string }

/** Which input a violated constraint belongs to: said once here, so that no domain function repeats it. */
const constraintFields: Record<string, { path: string; code: string }> = {
  users_side_email_key: { path: 'email', code: 'taken' },
  business_units_slug_key: { path: 'slug', code: 'taken' },
  business_units_host_key: { path: 'host', code: 'taken' },
  accounts_business_unit_id_external_id_key: { path: 'external_id', code: 'taken' },
  contacts_account_id_external_id_key: { path: 'external_id', code: 'taken' },
  account_domains_domain_key: { path: 'domains', code: 'taken' },
  sla_profiles_name_key: { path: 'name', code: 'taken' },
  threshold_profiles_name_key: { path: 'name', code: 'taken' },
  products_business_unit_id_name_key: { path: 'name', code: 'taken' },
  invitations_one_open: { path: 'email', code: 'already_invited' },
  plans_business_unit_id_name_key: { path: 'name', code: 'taken' },
  plan_options_plan_id_name_key: { path: 'options', code: 'taken' },
  routing_points_business_unit_id_name_key: { path: 'name', code: 'taken' },
  subscriptions_business_unit_id_external_id_key: { path: 'external_id', code: 'taken' },
}

/**
 * What PostgreSQL refused, as a refusal; null where it is a bug or worth a retry. The one place that knows SQLSTATE:
 * 42501 not permitted, 23505 exists already, 23503 refers to nothing, 23514 and 23P01 a rule of the data.
 */
export function refusalOfDatabase(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null
  const { code, constraint } = error as DatabaseError
  switch (code) {
    case '42501':
      return refuse('not_permitted', { status: 403 })
    // A transaction that only looks (a read-only key, staff who view as a customer) tried to write.
    case '25006':
      return refuse('view_as_read_only', { status: 403 })
    case '23505': {
      const field = constraint === undefined ? undefined : constraintFields[constraint]
      return field
        ? refuse('invalid_input', { status: 409, fields: [field] })
        : refuse('already_exists', { params: { constraint: constraint ?? '' } })
    }
    case '23503':
      return refuse('reference_missing', { status: 422, params: { constraint: constraint ?? '' } })
    case '23514':
    case '23P01':
      if (
        constraint === 'account_erased' ||
        constraint === 'erasure_obstructed' ||
        constraint === 'order_expired'
      )
        return refuse(constraint)
      return refuse('rule_violated', { status: 422, params: { constraint: constraint ?? '' } })
    case '22P02':
    case '22003':
    case '22021':
      return refuse('invalid_input', { status: 422 })
    default:
      return null
  }
}

/** Whether running the same transaction again may succeed: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  const code = error instanceof Error ? (error as DatabaseError).code : undefined
  return code === '40001' || code === '40P01'
}
