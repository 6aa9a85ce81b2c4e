import { Checkbox } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './api-keys.module.css'
import shared from './credentials.module.css'

/** What can be chosen together: `label` is the thing that the scopes are about; without it they stand alone. */
export interface ScopeGroup {
  label?: string
  scopes: { value: string; label: string; detail?: string }[]
}

/**
 * What a key may do, each scope in words before it is given. What the person does not hold cannot be chosen, and says
 * why; what the key has already can be taken away.
 */
export function ScopePicker({
  label,
  groups,
  value,
  kept = [],
  held,
  error,
  onChange,
}: {
  label: string
  groups: ScopeGroup[]
  value: string[]
  /** What the key had before: it may stay. */
  kept?: string[]
  held: (scope: string) => boolean
  error?: string | undefined
  onChange: (scopes: string[]) => void
}) {
  const { t } = useTranslation('keys')
  const id = useId()
  const mayGive = (scope: string) => held(scope) || kept.includes(scope)
  const toggle = (scopes: string[], on: boolean) =>
    onChange(on ? [...new Set([...value, ...scopes])] : value.filter((one) => !scopes.includes(one)))
  return (
    <fieldset className={styles.scopes} aria-describedby={`${id}-help`}>
      <legend>{label}</legend>
      <p id={`${id}-help`} className={shared.muted}>
        {t('scopes_help')}
      </p>
      {error && (
        <p role="alert" className={shared.error}>
          {error}
        </p>
      )}
      <div className={shared.groups} data-plain={groups.length === 1 || undefined}>
        {groups.map((group) => {
          const given = group.scopes.filter((scope) => mayGive(scope.value)).map((scope) => scope.value)
          const chosen = given.filter((scope) => value.includes(scope))
          return (
            <div key={group.label ?? ''} className={styles.group}>
              {group.label && (
                <Checkbox
                  className={styles.groupLabel}
                  label={group.label}
                  aria-label={t('all_of_group', { group: group.label })}
                  checked={given.length > 0 && chosen.length === given.length}
                  indeterminate={chosen.length > 0 && chosen.length < given.length}
                  disabled={given.length === 0}
                  onChange={(event) => toggle(given, event.currentTarget.checked)}
                />
              )}
              {group.scopes.map((scope) => {
                const free = mayGive(scope.value)
                const words = [scope.detail, free ? null : t('not_held')].filter(Boolean).join(' ')
                return (
                  <Checkbox
                    key={scope.value}
                    className={styles.scope}
                    label={scope.label}
                    description={words || undefined}
                    checked={value.includes(scope.value)}
                    disabled={!free}
                    aria-invalid={error ? true : undefined}
                    onChange={(event) => toggle([scope.value], event.currentTarget.checked)}
                  />
                )
              })}
            </div>
          )
        })}
      </div>
    </fieldset>
  )
}
