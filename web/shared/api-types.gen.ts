// Written by scripts from /api/v1/openapi.json.
export type paths = {}
export type components = {}
export type operations = {}
