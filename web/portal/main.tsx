import '../shared/styles.css'
import './mantine.css'
import { startApp } from '../shared/start.tsx'
import { routeTree } from './routeTree.gen.ts'

void startApp({
  app: 'portal',
  basepath: '/',
  routeTree,
  open: ['/sign-in', '/forgot-password', '/choose-password', '/confirm-email', '/view-as'],
})
