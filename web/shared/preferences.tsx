import { useMantineColorScheme } from '@mantine/core'
import IconDeviceDesktop from '@tabler/icons-react/dist/esm/icons/IconDeviceDesktop.mjs'
import IconLanguage from '@tabler/icons-react/dist/esm/icons/IconLanguage.mjs'
import IconMoon from '@tabler/icons-react/dist/esm/icons/IconMoon.mjs'
import IconSun from '@tabler/icons-react/dist/esm/icons/IconSun.mjs'
import { useTranslation } from 'react-i18next'
import { changeLanguage, languages, nameOfLanguage } from './i18n.ts'
import { Menu, type MenuItem } from './menu.tsx'

/** Lines of a menu that choose the language; `onChosen` keeps it with the user. */
export function useLanguageItems(onChosen?: (language: string) => void): MenuItem[] {
  const { i18n } = useTranslation('common')
  return languages.map((language) => ({
    label: nameOfLanguage(language),
    lang: language,
    checked: i18n.language === language,
    onClick: () => {
      void changeLanguage(language)
      onChosen?.(language)
    },
  }))
}

const schemes = [
  { scheme: 'light', icon: IconSun },
  { scheme: 'dark', icon: IconMoon },
  { scheme: 'auto', icon: IconDeviceDesktop },
] as const

/** Lines of a menu that choose light, dark, or what the device says. */
export function useThemeItems(): MenuItem[] {
  const { t } = useTranslation('common')
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return schemes.map(({ scheme, icon }) => ({
    label: t(`theme.${scheme}`),
    icon,
    checked: colorScheme === scheme,
    onClick: () => setColorScheme(scheme),
  }))
}

/** A button that changes the language of the screens. */
export function LanguageSwitch({ up, onChosen }: { up?: boolean; onChosen?: (language: string) => void }) {
  const { t, i18n } = useTranslation('common')
  const items = useLanguageItems(onChosen)
  return (
    <Menu
      label={`${t('language')}: ${nameOfLanguage(i18n.language)}`}
      up={up}
      trigger={
        <>
          <IconLanguage size={18} aria-hidden />
          <span>{nameOfLanguage(i18n.language)}</span>
        </>
      }
      items={items}
    />
  )
}

/** A button that changes between light, dark and the device's choice. */
export function ThemeSwitch({ up }: { up?: boolean }) {
  const { t } = useTranslation('common')
  const { colorScheme } = useMantineColorScheme()
  const items = useThemeItems()
  const Icon = schemes.find(({ scheme }) => scheme === colorScheme)?.icon ?? IconDeviceDesktop
  return (
    <Menu
      label={`${t('theme.label')}: ${t(`theme.${colorScheme}`)}`}
      up={up}
      trigger={<Icon size={18} aria-hidden />}
      items={items}
    />
  )
}
