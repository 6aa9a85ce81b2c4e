import { Button } from '@mantine/core'
import IconCamera from '@tabler/icons-react/dist/esm/icons/IconCamera.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import styles from './photo-dialog.module.css'
import { PhotoDialog } from './photo-dialog.tsx'
import { mine } from './side.ts'
import { showToast, useProblemToast } from './toasts.tsx'
import { UserAvatar } from './user-avatar.tsx'

/** One's own photo with what can be done about it. `onChanged` reads the session again, which shows it everywhere. */
export function OwnPhoto({
  name,
  photo,
  onChanged,
}: {
  name: string
  photo: string | null
  onChanged: () => unknown
}) {
  const { t } = useTranslation('security')
  const [choosing, setChoosing] = useState(false)
  const remove = useMutation({
    mutationFn: () => orThrow(api.DELETE(mine('/api/v1/portal/photo'))),
    onSuccess: async () => {
      await onChanged()
      showToast({ tone: 'good', title: t('photo.removed') })
    },
    onError: useProblemToast(),
  })
  return (
    <div className={styles.own}>
      <UserAvatar
        name={name}
        photo={photo}
        size={80}
        label={photo ? t('photo.yours') : t('photo.initials')}
      />
      <div className={styles.ownWords}>
        <p>{t('photo.about')}</p>
        <div className={styles.buttons}>
          <Button
            variant="default"
            leftSection={<IconCamera size={18} aria-hidden />}
            onClick={() => setChoosing(true)}
          >
            {t(photo ? 'photo.change' : 'photo.add')}
          </Button>
          {photo && (
            <Button
              variant="subtle"
              leftSection={<IconTrash size={18} aria-hidden />}
              loading={remove.isPending}
              onClick={() => remove.mutate()}
            >
              {t('photo.remove')}
            </Button>
          )}
        </div>
      </div>
      {choosing && (
        <PhotoDialog
          onClose={() => setChoosing(false)}
          onSaved={async () => {
            await onChanged()
            showToast({ tone: 'good', title: t('photo.saved') })
          }}
        />
      )}
    </div>
  )
}
