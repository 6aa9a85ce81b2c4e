import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { encryptSecret } from '../../platform/encryption.ts'
import { type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { clientSecretPlace, isLoopback, testProvider } from './identity-provider.ts'
import { demandSecretKey } from './secret-key.ts'

export type SignInSettings = {
  staff_second_factor: boolean
  oidc_enabled: boolean
  oidc_label: string | null
  oidc_issuer: string | null
  oidc_client_id: string | null
}
export type SignInSettingsChange = { [K in keyof SignInSettings]?: SignInSettings[K] | undefined } & {
  /** Null removes it; it is never shown again. */
  oidc_client_secret?: string | null | undefined
}

/** The operator's rules for signing in. */
export async function readSignInSettings(tx: Tx): Promise<SignInSettings & { has_client_secret: boolean }> {
  const row = await tx
    .selectFrom('operator_settings')
    .select([
      'staff_second_factor',
      'oidc_enabled',
      'oidc_label',
      'oidc_issuer',
      'oidc_client_id',
      sql<boolean>`has_client_secret()`.as('has_client_secret'),
    ])
    .executeTakeFirstOrThrow()
  return row
}

/**
 * Changes the operator's rules. A second factor may be demanded of staff only by somebody who came in with one. A secret
 * goes with its issuer: another issuer needs its own. Refuses: second_factor_first, invalid_input.
 */
export async function updateSignInSettings(
  tx: Tx,
  config: Config,
  sessionId: string,
  change: SignInSettingsChange,
): Promise<(SignInSettings & { has_client_secret: boolean }) | Refusal> {
  const before = await readSignInSettings(tx)
  const { oidc_client_secret: secret, ...plain } = change
  const after = { ...before, ...withoutUndefined(plain) }
  if (after.staff_second_factor && !before.staff_second_factor) {
    const own = await tx
      .selectFrom('sessions')
      .select('second_factor')
      .where('id', '=', sessionId)
      .executeTakeFirst()
    if (!own?.second_factor) return refuse('second_factor_first')
  }
  if (after.oidc_issuer !== null) {
    const issuer = URL.canParse(after.oidc_issuer) ? new URL(after.oidc_issuer) : null
    if (!issuer || (issuer.protocol !== 'https:' && !isLoopback(issuer)) || issuer.username || issuer.hash)
      return refuseField('oidc_issuer', 'wrong_format')
  }
  if (after.oidc_enabled) {
    for (const needed of ['oidc_label', 'oidc_issuer', 'oidc_client_id'] as const) {
      if (after[needed] === null) return refuseField(needed, 'required')
    }
  }
  if (secret) await demandSecretKey(tx, config)
  const moved = after.oidc_issuer !== before.oidc_issuer || after.oidc_client_id !== before.oidc_client_id
  await tx
    .updateTable('operator_settings')
    .set({
      staff_second_factor: after.staff_second_factor,
      oidc_enabled: after.oidc_enabled,
      oidc_label: after.oidc_label,
      oidc_issuer: after.oidc_issuer,
      oidc_client_id: after.oidc_client_id,
      ...(secret
        ? { oidc_client_secret_encrypted: encryptSecret(config, secret, clientSecretPlace) }
        : secret === null || moved
          ? { oidc_client_secret_encrypted: null }
          : {}),
    })
    .where('id', '=', true)
    .execute()
  return readSignInSettings(tx)
}

/** Whether the identity provider that is set up answers; `problem` is the code of what is wrong. */
export async function testSignInSettings(tx: Tx): Promise<{ ok: boolean; problem: string | null }> {
  const settings = await readSignInSettings(tx)
  if (settings.oidc_issuer === null || settings.oidc_client_id === null)
    return { ok: false, problem: 'identity_provider_off' }
  const problem = await testProvider({
    label: settings.oidc_label ?? '',
    issuer: settings.oidc_issuer,
    client_id: settings.oidc_client_id,
    client_secret: null,
  })
  return { ok: problem === null, problem }
}

function withoutUndefined<T extends object>(value: T) {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
