import { defineConfig } from 'vite'
import { configureApp } from './web/vite-app.ts'

export default defineConfig(configureApp({ app: 'office', base: '/office/' }))
