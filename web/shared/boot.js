// Runs before the first paint, so it is small and plain. It decides two things once: the colour scheme and the language
// (kept choice, else what the browser prefers), and writes them on <html>, where the app reads them. Then it asks for what
// this page will need, at the same time as the app itself. The build fills in the facts (see vite-app.ts).
;(() => {
  const { base, catalogues, routes } = __FACTS__
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

  const path = location.pathname
    .slice(base.length)
    .split('/')
    .filter((segment) => segment !== '')
  const route =
    routes.find(([segments]) => matches(segments, (own, asked) => own === asked)) ??
    routes.find(([segments]) => matches(segments, (own, asked) => own === null || own === asked))
  function matches(segments, same) {
    return segments.length === path.length && segments.every((own, index) => same(own, path[index]))
  }

  const [first, rest] = catalogues[language]
  const [, chunks = [], needsRest] = route ?? []
  for (const file of [first, needsRest && rest, ...chunks]) {
    if (!file) continue
    const link = document.createElement('link')
    if (file.endsWith('.css')) {
      link.rel = 'preload'
      link.as = 'style'
      link.crossOrigin = ''
    } else link.rel = 'modulepreload'
    link.fetchPriority = 'low'
    link.href = base + file
    document.head.append(link)
  }
})()
