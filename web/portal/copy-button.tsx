import { Button } from '@mantine/core'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import { useEffect, useState } from 'react'
import { showToast } from '../shared/toasts.tsx'

/** Copies a text and says so, on itself for a moment and to those who do not see it. */
export function CopyButton({
  text,
  label,
  copied,
  variant = 'default',
  size,
}: {
  text: string
  label: string
  /** What is said once it is copied. */
  copied: string
  variant?: 'default' | 'filled' | 'subtle'
  size?: 'xs' | 'sm' | 'md'
}) {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 2500)
    return () => clearTimeout(timer)
  }, [done])
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setDone(true)
    showToast({ tone: 'good', title: copied })
  }
  const Icon = done ? IconCheck : IconCopy
  return (
    <Button
      variant={variant}
      {...(size ? { size } : {})}
      leftSection={<Icon size={18} aria-hidden />}
      onClick={() => void copy()}
    >
      {label}
    </Button>
  )
}
