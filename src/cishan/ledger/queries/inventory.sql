-- Every guard of the books that the catalogue knows, one line each, the same on every server.
SELECT format('trigger %s %s', t.tgenabled, pg_get_triggerdef(t.oid)) FROM pg_catalog.pg_trigger AS t
  JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'books'::regnamespace AND NOT t.tgisinternal
 UNION ALL
SELECT format('constraint %s.%s %s%s', c.relname, k.conname, pg_get_constraintdef(k.oid),
              CASE WHEN k.convalidated THEN '' ELSE ' not valid' END)
  FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
 WHERE c.relnamespace = 'books'::regnamespace AND k.contype IN ('c', 'f', 'p', 'u', 'x')
 UNION ALL
SELECT format('constraint %s.%s is switched off', c.relname, k.conname)
  FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_constraint AS k ON k.oid = t.tgconstraint
  JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'books'::regnamespace AND t.tgisinternal AND t.tgenabled = 'D'
 UNION ALL
SELECT format('index %s %s', CASE WHEN i.indisvalid THEN '' ELSE 'broken' END, pg_get_indexdef(i.indexrelid))
  FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
 WHERE c.relnamespace = 'books'::regnamespace
 UNION ALL
SELECT format('column %s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attnotnull THEN ' not null' ELSE '' END)
  FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'books'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
 UNION ALL
SELECT format('function %s %s owner %s %s %s', p.oid::regprocedure,
              CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END, pg_get_userbyid(p.proowner),
              coalesce(array_to_string(p.proconfig, ' '), '-'), md5(p.prosrc))
  FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'books'::regnamespace
 UNION ALL
SELECT format('grant %s on %s to %s', x.privilege_type, o.name,
              CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END)
  FROM (SELECT c.oid::regclass::text AS name, c.relacl AS acl, c.relowner AS owner FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace = 'books'::regnamespace
         UNION ALL
        SELECT p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner
          FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'books'::regnamespace
         UNION ALL
        SELECT format('schema %s', n.nspname), n.nspacl, n.nspowner FROM pg_catalog.pg_namespace AS n
         WHERE n.nspname IN ('books', 'benefits')) AS o,
       LATERAL aclexplode(o.acl) AS x WHERE x.grantee <> o.owner
 UNION ALL
SELECT format('member %s of %s', pg_get_userbyid(m.member), pg_get_userbyid(m.roleid))
  FROM pg_catalog.pg_auth_members AS m
 WHERE pg_get_userbyid(m.member) IN ('cishan_app', 'cishan_benefits')
