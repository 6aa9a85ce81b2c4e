import 'react-easy-crop/react-easy-crop.css'
import IconMinus from '@tabler/icons-react/dist/esm/icons/IconMinus.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useId, useState } from 'react'
import Cropper from 'react-easy-crop'
import { useTranslation } from 'react-i18next'
import styles from './photo-dialog.module.css'

/** The chosen square, in pixels of the picture as it stands upright. */
export type CropSquare = { x: number; y: number; size: number }

const most = 4

/** Moves a square over a picture: by finger or mouse, by arrow keys, and with a slider for how near. */
export function PhotoCropper({
  source,
  onSquare,
  onUnreadable,
}: {
  source: string
  onSquare: (square: CropSquare) => void
  onUnreadable: () => void
}) {
  const { t } = useTranslation('security')
  const [place, setPlace] = useState({ x: 0, y: 0 })
  const [zoom, setZoom] = useState(1)
  const id = useId()
  return (
    <>
      <div className={styles.stage}>
        <Cropper
          image={source}
          crop={place}
          zoom={zoom}
          maxZoom={most}
          aspect={1}
          cropShape="round"
          objectFit="contain"
          showGrid={false}
          keyboardStep={8}
          disableAutomaticStylesInjection
          cropperProps={{ role: 'group', 'aria-label': t('photo.move') }}
          mediaProps={{ alt: '', onError: onUnreadable }}
          onCropChange={setPlace}
          onZoomChange={setZoom}
          onCropComplete={(_share, { x, y, width, height }) => {
            const size = Math.floor(Math.min(width, height))
            if (size > 0) onSquare({ x: Math.max(0, Math.round(x)), y: Math.max(0, Math.round(y)), size })
          }}
        />
      </div>
      <div className={styles.zoom}>
        <label htmlFor={id}>{t('photo.zoom')}</label>
        <IconMinus size={16} aria-hidden />
        <input
          id={id}
          type="range"
          min={1}
          max={most}
          step={0.05}
          value={zoom}
          aria-valuetext={`${Math.round(zoom * 100)} %`}
          onChange={(event) => setZoom(Number(event.currentTarget.value))}
        />
        <IconPlus size={16} aria-hidden />
      </div>
    </>
  )
}
