import { Button } from '@mantine/core'
import IconPhotoUp from '@tabler/icons-react/dist/esm/icons/IconPhotoUp.mjs'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import { Dialog, DialogActions } from './dialog.tsx'
import type { CropSquare } from './photo-cropper.tsx'
import styles from './photo-dialog.module.css'
import { ProblemAlert } from './problem-alert.tsx'
import { mine } from './side.ts'

// The cropper comes once a picture was chosen.
const PhotoCropper = lazy(async () => ({ default: (await import('./photo-cropper.tsx')).PhotoCropper }))

const kinds = ['image/jpeg', 'image/png', 'image/webp', 'image/avif']
const mostBytes = 10_000_000

/** Choose a picture, choose its square, save: it is the person's photo from then on (A9). */
export function PhotoDialog({ onClose, onSaved }: { onClose: () => void; onSaved: () => unknown }) {
  const { t } = useTranslation('security')
  const [file, setFile] = useState<File | null>(null)
  const [source, setSource] = useState<string | null>(null)
  const [square, setSquare] = useState<CropSquare | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!file) return
    const address = URL.createObjectURL(file)
    setSource(address)
    return () => URL.revokeObjectURL(address)
  }, [file])

  const take = (chosen: File | undefined) => {
    setProblem(null)
    setFault(null)
    if (!chosen) return
    if (!kinds.includes(chosen.type)) setFault(t('photo.wrong_kind', { name: chosen.name }))
    else if (chosen.size > mostBytes) setFault(t('photo.too_large', { name: chosen.name }))
    else {
      setSquare(null)
      setSource(null)
      setFile(chosen)
    }
  }
  const save = async () => {
    if (!file) return
    setBusy(true)
    setProblem(null)
    const body = new FormData()
    // The fields go before the file: a stream is read in its order.
    if (square) for (const [name, value] of Object.entries(square)) body.append(name, String(value))
    body.append('file', file)
    try {
      await orThrow(
        api.PUT(mine('/api/v1/portal/photo'), {
          body: body as never,
          bodySerializer: (form) => form as never,
        }),
      )
      await onSaved()
      onClose()
    } catch (cause) {
      setProblem(cause)
    } finally {
      setBusy(false)
    }
  }
  const chooser = (
    <input
      ref={input}
      type="file"
      className="visually-hidden"
      accept={kinds.join()}
      aria-label={t('photo.choose')}
      onChange={(event) => {
        take(event.currentTarget.files?.[0])
        event.currentTarget.value = ''
      }}
    />
  )
  return (
    <Dialog opened onClose={busy ? () => {} : onClose} title={t(file ? 'photo.crop_title' : 'photo.title')}>
      <div className={styles.body}>
        <ProblemAlert error={problem} />
        {fault && (
          <p role="alert" className={styles.fault}>
            {fault}
          </p>
        )}
        {file && source ? (
          <>
            <p className={styles.hint}>{t('photo.crop_hint')}</p>
            <Suspense fallback={<div className={styles.waiting} />}>
              <PhotoCropper
                source={source}
                onSquare={setSquare}
                onUnreadable={() => {
                  setFile(null)
                  setFault(t('photo.unreadable', { name: file.name }))
                }}
              />
            </Suspense>
            <Button
              variant="subtle"
              size="compact-sm"
              className={styles.other}
              disabled={busy}
              onClick={() => input.current?.click()}
            >
              {t('photo.other')}
            </Button>
          </>
        ) : (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: the button inside is the keyboard's way
          <div
            className={styles.drop}
            data-over={over || undefined}
            onClick={() => input.current?.click()}
            onDragOver={(event) => {
              event.preventDefault()
              setOver(true)
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault()
              setOver(false)
              take(event.dataTransfer.files[0])
            }}
          >
            <IconPhotoUp size={32} stroke={1.5} aria-hidden />
            <Button
              variant="default"
              onClick={(event) => {
                event.stopPropagation()
                input.current?.click()
              }}
            >
              {t('photo.choose')}
            </Button>
            <p>{t('photo.choose_hint')}</p>
          </div>
        )}
        {chooser}
      </div>
      <DialogActions>
        <Button variant="default" disabled={busy} onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        {file && (
          <Button loading={busy} disabled={!square} onClick={() => void save()}>
            {t('photo.save')}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  )
}
