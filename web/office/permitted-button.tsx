import { Button, type ButtonProps } from '@mantine/core'
import type { ButtonHTMLAttributes } from 'react'
import { useTranslation } from 'react-i18next'
import { type Permission, useMay } from './session.ts'

/**
 * A button for what not every role may do. Whoever may not still finds it, by keyboard too, and is told why it does
 * nothing.
 */
export function PermittedButton({
  needs,
  onClick,
  ...props
}: ButtonProps & Omit<ButtonHTMLAttributes<HTMLButtonElement>, keyof ButtonProps> & { needs: Permission }) {
  const { t } = useTranslation()
  const permitted = useMay()(needs)
  if (permitted) return <Button {...props} onClick={onClick} />
  return (
    <Button
      {...props}
      type="button"
      variant="default"
      data-disabled
      aria-disabled
      title={t('words.not_permitted')}
      onClick={(event) => event.preventDefault()}
    />
  )
}
