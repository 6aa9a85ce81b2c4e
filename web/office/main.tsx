import '../shared/styles.css'
import './mantine.css'
import { startApp } from '../shared/start.tsx'
import { routeTree } from './routeTree.gen.ts'

void startApp({
  app: 'office',
  basepath: '/office/',
  routeTree,
  open: ['/sign-in', '/forgot-password', '/choose-password', '/first-admin', '/confirm-email'],
})
