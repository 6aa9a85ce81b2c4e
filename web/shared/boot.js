// Runs before the first paint, so it is small and plain. It decides two things once: the colour scheme and the language
// (kept choice, else what the browser prefers), and writes them on <html>, where the app reads them.
;(() => {
  const root = document.documentElement
  const kept = (key) => {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  }

  const scheme = kept('zaguan.scheme')
  const dark = scheme === 'dark' || (scheme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')

  const catalogues = JSON.parse(document.querySelector('meta[name=catalogues]').content)
  const languages = Object.keys(catalogues)
  const wanted = [kept('zaguan.language'), ...navigator.languages].filter(Boolean)
  let language = 'en'
  for (const tag of wanted) {
    const match =
      languages.find((one) => one.toLowerCase() === tag.toLowerCase()) ??
      languages.find((one) => one.split('-')[0] === tag.toLowerCase().split('-')[0])
    if (match) {
      language = match
      break
    }
  }
  root.lang = language

  if (catalogues[language]) {
    const link = document.createElement('link')
    link.rel = 'modulepreload'
    link.href = catalogues[language]
    document.head.append(link)
  }
})()
