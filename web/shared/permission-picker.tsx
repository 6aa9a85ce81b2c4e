import { Checkbox } from '@mantine/core'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import { useTranslation } from 'react-i18next'
import type { OwnMember } from './api-types.gen.ts'
import styles from './permission-picker.module.css'

export type MemberPermission = OwnMember['permissions'][number]

/** What may be given, in the order in which it is shown; ownership stands apart. */
export const givenPermissions = ['billing', 'services', 'support', 'licences', 'users'] as const
export type GivenPermission = (typeof givenPermissions)[number]

/**
 * What somebody may do in an account, each permission with what it allows, in words, before it is given (A6). What the
 * giver does not hold cannot be chosen, and says why.
 */
export function PermissionPicker<Permission extends MemberPermission>({
  label,
  value,
  onChange,
  options,
  held,
  error,
}: {
  label: string
  value: readonly Permission[]
  onChange: (permissions: Permission[]) => void
  options: readonly Permission[]
  /** What the giver holds; without it everything can be given. */
  held?: readonly MemberPermission[]
  error?: string | undefined
}) {
  const { t } = useTranslation('common')
  const given = value as readonly MemberPermission[]
  const owner = given.includes('owner')
  const mayGive = (one: Permission) =>
    held === undefined || held.includes('owner') || held.includes(one) || value.includes(one)
  return (
    <fieldset className={styles.picker} aria-describedby={error ? 'permissions-error' : undefined}>
      <legend>{label}</legend>
      {options.map((one) => (
        <Checkbox
          key={one}
          classNames={{ root: styles.option, body: styles.body, labelWrapper: styles.words }}
          label={t(`permission.${one as MemberPermission}.name`)}
          description={[
            t(`permission.${one as MemberPermission}.allows`),
            !mayGive(one) && t('permission.not_held'),
          ]
            .filter(Boolean)
            .join(' ')}
          checked={owner || value.includes(one)}
          disabled={!mayGive(one) || (owner && one !== 'owner')}
          aria-invalid={error ? true : undefined}
          onChange={(event) => {
            const checked = event.currentTarget.checked
            onChange(options.filter((other) => (other === one ? checked : value.includes(other))))
          }}
        />
      ))}
      {error && (
        <p id="permissions-error" className={styles.error} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  )
}

/** What somebody may do, each with what it allows. */
export function PermissionList({ permissions }: { permissions: readonly MemberPermission[] }) {
  const { t } = useTranslation('common')
  // The owner may do everything, so the rest of the list says nothing more.
  const shown = permissions.includes('owner') ? (['owner'] as const) : permissions
  return (
    <ul className={styles.list}>
      {shown.map((one) => (
        <li key={one}>
          <IconCheck size={18} aria-hidden />
          <span>
            <strong>{t(`permission.${one}.name`)}</strong>
            <span>{t(`permission.${one}.allows`)}</span>
          </span>
        </li>
      ))}
    </ul>
  )
}
