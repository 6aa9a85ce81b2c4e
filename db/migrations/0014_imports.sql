-- Imports read workbooks, too (A4): in which form the file came, its sheets, and the one that is imported.

create type import_format as enum ('csv', 'xlsx');

alter table imports
  add column format import_format not null default 'csv',
  add column sheet text check (length(sheet) <= 200),
  add column sheets text[] not null default '{}',
  add constraint imports_sheet check (sheet is null or sheet = any(sheets));
comment on column imports.format is 'The form of the file, by what is in it: rejected rows go out in the same';
comment on column imports.sheet is 'The sheet of a workbook that is imported; null for CSV';
