import { useState } from 'react'
import { currentSide } from './side.ts'
import styles from './user-avatar.module.css'

/** The first letters of a person's first and last name. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}

/**
 * A person's photo, or their initials: `<UserAvatar name={one.name} photo={one.photo_file_id} />`. It stands beside the
 * name, so it says nothing to those who hear the page; alone it needs a `label`.
 */
export function UserAvatar({
  name,
  photo,
  size = 28,
  label,
}: {
  name: string
  /** The `photo_file_id` of the person. */
  photo?: string | null
  /** In CSS pixels. */
  size?: number
  label?: string
}) {
  const [lost, setLost] = useState<string | null>(null)
  const sized = { width: `${size / 16}rem`, height: `${size / 16}rem`, fontSize: `${(size * 0.4) / 16}rem` }
  const said = label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true }
  if (photo && photo !== lost) {
    return (
      <img
        src={`/api/v1/${currentSide()}/photos/${photo}`}
        alt={label ?? ''}
        width={size}
        height={size}
        loading="lazy"
        decoding="async"
        className={styles.photo}
        style={sized}
        onError={() => setLost(photo)}
      />
    )
  }
  // Drawn by the style sheet: it is a picture of the name, not words.
  return <span {...said} className={styles.initials} data-letters={initialsOf(name)} style={sized} />
}

/** A person in a list: the photo and the name in one line, with more words below. */
export function Person({
  name,
  photo,
  detail,
  size = 28,
}: {
  name: string
  photo?: string | null | undefined
  detail?: string | null | undefined
  size?: number
}) {
  return (
    <span className={styles.person}>
      <UserAvatar name={name} photo={photo} size={size} />
      <span className={styles.words}>
        <span className={styles.name}>{name}</span>
        {detail && <small>{detail}</small>}
      </span>
    </span>
  )
}
