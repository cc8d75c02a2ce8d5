-- The proofs of the books: each is a question that must have no answer on a database at rest.
-- A proof lists in words what breaks it, first things first. Its name stands after "-- proof:".

-- proof: balanced
SELECT format('entry %s is off by %s in fund %s, unit %s', entry_id, sum(amount), fund_id, unit)
  FROM books.line GROUP BY entry_id, fund_id, unit HAVING sum(amount) <> 0 ORDER BY entry_id;

-- proof: whole
SELECT format('entry %s has %s of %s lines', coalesce(e.id, l.entry_id), coalesce(l.c, 0), e.n_lines)
  FROM books.entry AS e
  FULL JOIN (SELECT entry_id, count(*) AS c, min(line_no) AS lo, max(line_no) AS hi
               FROM books.line GROUP BY entry_id) AS l ON l.entry_id = e.id
 WHERE e.n_lines IS DISTINCT FROM l.c OR l.lo <> 1 OR l.hi <> l.c ORDER BY coalesce(e.id, l.entry_id);

-- proof: of their accounts
SELECT format('line %s of entry %s is not in the fund or unit of account %s', line_no, entry_id, account_id)
  FROM books.line AS l
 WHERE NOT EXISTS (SELECT FROM books.account AS a
                    WHERE a.id = l.account_id AND a.fund_id = l.fund_id AND a.unit = l.unit)
 ORDER BY entry_id, line_no;

-- proof: sane amounts
SELECT format('line %s of entry %s has the amount %s', line_no, entry_id, amount)
  FROM books.line WHERE amount = 0 OR abs(amount) > 1000000000000000 ORDER BY entry_id, line_no;

-- proof: balances
SELECT format('account %s keeps %s/%s/%s, its lines say %s/%s/%s', a.id, b.debits, b.credits, b.n,
              coalesce(l.debits, 0), coalesce(l.credits, 0), coalesce(l.n, 0))
  FROM books.account AS a
  FULL JOIN books.balance AS b ON b.account_id = a.id
  LEFT JOIN (SELECT account_id, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debits,
                    coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credits, count(*) AS n
               FROM books.line GROUP BY account_id) AS l ON l.account_id = coalesce(a.id, b.account_id)
 WHERE a.id IS NULL OR b.account_id IS NULL
    OR (b.debits, b.credits, b.n)
       IS DISTINCT FROM (coalesce(l.debits, 0), coalesce(l.credits, 0), coalesce(l.n, 0))
 ORDER BY a.id;

-- proof: funds are whole
SELECT format('fund %s is off by %s in %s', f.code, sum(b.debits - b.credits), a.unit)
  FROM books.balance AS b JOIN books.account AS a ON a.id = b.account_id
  JOIN books.fund AS f ON f.id = a.fund_id
 GROUP BY f.code, a.unit HAVING sum(b.debits - b.credits) <> 0 ORDER BY f.code;

-- proof: never overdrawn
SELECT format('account %s (%s, guard %s) stands at %s', a.id, a.gl_code, g.guard, b.debits - b.credits)
  FROM books.account AS a JOIN books.gl AS g ON g.code = a.gl_code
  JOIN books.balance AS b ON b.account_id = a.id
 WHERE (b.debits - b.credits) * g.guard < 0 OR a.guard <> g.guard OR b.guard <> g.guard ORDER BY a.id;

-- proof: booked once
SELECT format('%s %s is booked %s times', source, source_key, count(*))
  FROM books.entry GROUP BY source, source_key HAVING count(*) > 1 ORDER BY min(id);

-- proof: as it was sent
SELECT format('entry %s no longer says what was sent', e.id)
  FROM books.entry AS e
  JOIN LATERAL (
    SELECT string_agg(x.line, E'\n' ORDER BY x.line COLLATE "C") AS lines
      FROM (SELECT a.gl_code || '|' || f.code || '|' || l.unit || '|' || a.counterparty || '|' || l.amount
              FROM books.line AS l JOIN books.account AS a ON a.id = l.account_id
              JOIN books.fund AS f ON f.id = a.fund_id WHERE l.entry_id = e.id) AS x (line)) AS body ON true
 WHERE e.reverses IS NULL
   AND e.request_hash IS DISTINCT FROM sha256(convert_to(
         concat_ws(E'\n', e.kind, to_char(e.effective_date, 'YYYY-MM-DD'), body.lines), 'UTF8'))
 ORDER BY e.id;

-- proof: reversals mirror
SELECT format('entry %s does not cancel entry %s on account %s', r.id, r.reverses, l.account_id)
  FROM books.entry AS r JOIN books.line AS l ON l.entry_id IN (r.id, r.reverses)
 WHERE r.reverses IS NOT NULL GROUP BY r.id, r.reverses, l.account_id HAVING sum(l.amount) <> 0
 UNION ALL
SELECT format('entry %s reverses a reversal, or an entry that is reversed already', r.id)
  FROM books.entry AS r JOIN books.entry AS o ON o.id = r.reverses
 WHERE o.reverses IS NOT NULL
    OR EXISTS (SELECT FROM books.entry AS s WHERE s.reverses = r.reverses AND s.id < r.id);

-- proof: approved
SELECT format('entry %s is not what two people approved', e.id)
  FROM books.entry AS e LEFT JOIN books.approval AS a ON a.id = e.approval_id
 WHERE (e.kind IN ('disbursement_approved', 'fund_transfer') AND e.reverses IS NULL AND a.id IS NULL)
    OR a.maker = a.checker OR a.body_hash <> e.request_hash
    OR EXISTS (SELECT FROM books.entry AS o WHERE o.approval_id = e.approval_id AND o.id < e.id)
 ORDER BY e.id;

-- proof: agency money
SELECT format('account %s holds agency money under %s', a.id, a.gl_code)
  FROM books.account AS a JOIN books.fund AS f ON f.id = a.fund_id JOIN books.gl AS g ON g.code = a.gl_code
 WHERE (f.restriction = 'agency' AND a.gl_code NOT IN ('1001', '1002', '1009', '1010', '1801', '2601'))
    OR a.kind <> g.kind OR a.restriction <> f.restriction ORDER BY a.id;

-- proof: income of its fund
SELECT format('account %s books %s in the %s fund %s', a.id, a.gl_code, f.restriction, f.code)
  FROM books.account AS a JOIN books.fund AS f ON f.id = a.fund_id
 WHERE (a.gl_code ~ '^4[0-9]{3}01$' AND f.restriction <> 'unrestricted')
    OR (a.gl_code ~ '^4[0-9]{3}02$' AND f.restriction <> 'restricted') ORDER BY a.id;

-- proof: goods
SELECT format('lot %s of fund %s: %s pieces worth %s', s.counterparty, s.fund_id, s.pieces, s.worth)
  FROM (SELECT a.fund_id, a.counterparty,
               coalesce(sum(b.debits - b.credits) FILTER (WHERE u.kind = 'goods'), 0) AS pieces,
               coalesce(sum(b.debits - b.credits) FILTER (WHERE u.kind = 'currency'), 0) AS worth
          FROM books.account AS a JOIN books.balance AS b ON b.account_id = a.id
          JOIN books.unit AS u ON u.code = a.unit
         WHERE a.gl_code = '1201' GROUP BY a.fund_id, a.counterparty) AS s
 WHERE s.pieces < 0 OR s.worth < 0 OR (s.pieces = 0) <> (s.worth = 0) ORDER BY s.counterparty;

-- proof: released for what was spent
SELECT format('fund %s released %s and spent %s', f.code, s.released, s.spent)
  FROM (SELECT a.fund_id,
               coalesce(sum(l.amount) FILTER (WHERE e.kind = 'release' AND a.gl_code = '3102'), 0) AS released,
               coalesce(sum(l.amount) FILTER (WHERE e.kind <> 'close_year' AND a.kind = 'expense'), 0) AS spent
          FROM books.line AS l JOIN books.entry AS e ON e.id = l.entry_id
          JOIN books.account AS a ON a.id = l.account_id WHERE l.unit = 'CNY' GROUP BY a.fund_id) AS s
  JOIN books.fund AS f ON f.id = s.fund_id WHERE s.released > s.spent ORDER BY f.code;

-- proof: closed periods
SELECT format('period %s is not as it was closed', p.span)
  FROM books.period AS p
  LEFT JOIN LATERAL (SELECT g.status, g.tb_hash FROM books.period_log AS g
                      WHERE g.period_id = p.id ORDER BY g.id DESC LIMIT 1) AS g ON true
 WHERE p.status IS DISTINCT FROM g.status
    OR (p.status = 'closed' AND (p.tb_hash IS DISTINCT FROM g.tb_hash
                                 OR p.tb_hash IS DISTINCT FROM books.trial_balance_hash(p.span)))
 ORDER BY p.span;

-- proof: voucher numbers
SELECT format('after voucher %s comes voucher %s', s.before, s.voucher_no)
  FROM (SELECT voucher_no, lag(voucher_no, 1, 0::bigint) OVER (ORDER BY voucher_no) AS before
          FROM books.seal) AS s WHERE s.voucher_no <> s.before + 1 ORDER BY s.voucher_no;

-- proof: sealed blocks
SELECT format('block %s, vouchers from %s, is not what was sealed', b.no, b.first_voucher)
  FROM (SELECT b.*, lag(b.hash, 1, ''::bytea) OVER w AS hash_before, lag(b.no, 1, 0::bigint) OVER w AS no_before,
               lag(b.first_voucher + b.n, 1, 1::bigint) OVER w AS voucher_due
          FROM books.block AS b WINDOW w AS (ORDER BY b.no)) AS b
  LEFT JOIN LATERAL (
    SELECT count(*) AS c, min(s.voucher_no) AS lo, max(s.voucher_no) AS hi,
           sha256(b.prev || string_agg(books.entry_digest(s.entry_id), '' ORDER BY s.voucher_no)) AS hash
      FROM books.seal AS s WHERE s.block_no = b.no) AS s ON true
 WHERE b.no <> b.no_before + 1 OR b.prev <> b.hash_before OR b.first_voucher <> b.voucher_due
    OR s.c <> b.n OR s.lo IS DISTINCT FROM b.first_voucher OR s.hi IS DISTINCT FROM b.first_voucher + b.n - 1
    OR s.hash IS DISTINCT FROM b.hash
 ORDER BY b.no;

-- proof: no seal without entry
SELECT format('voucher %s belongs to no entry', s.voucher_no) FROM books.seal AS s
 WHERE NOT EXISTS (SELECT FROM books.entry AS e WHERE e.id = s.entry_id) ORDER BY s.voucher_no;

-- The wall between the charity's books and the register of state benefits: asked of the catalogue alone.

-- proof: no foreign key across the wall
SELECT format('%s on %s', c.conname, c.conrelid::regclass) FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS a ON a.oid = c.conrelid JOIN pg_catalog.pg_class AS b ON b.oid = c.confrelid
 WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace
   AND 'benefits'::regnamespace IN (a.relnamespace, b.relnamespace);

-- proof: no view across the wall
SELECT format('%s reads %s', v.oid::regclass, t.oid::regclass)
  FROM pg_catalog.pg_depend AS d
  JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
  JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class
  JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
 WHERE v.relnamespace <> t.relnamespace
   AND 'benefits'::regnamespace IN (v.relnamespace, t.relnamespace);

-- proof: no right across the wall
SELECT format('%s may touch %s', r.rolname, c.oid::regclass)
  FROM pg_catalog.pg_roles AS r, pg_catalog.pg_class AS c
 WHERE c.relkind IN ('r', 'p', 'v', 'm')
   AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
   AND (((r.rolname LIKE 'benefits\_%' OR r.rolname = 'cishan_benefits')
         AND c.relnamespace = 'books'::regnamespace)
     OR ((r.rolname LIKE 'books\_%' OR r.rolname = 'cishan_app')
         AND c.relnamespace = 'benefits'::regnamespace));

-- proof: no role in both families
SELECT m.rolname FROM pg_catalog.pg_roles AS m
 WHERE NOT m.rolsuper
   AND EXISTS (SELECT FROM pg_catalog.pg_roles AS g WHERE g.rolname LIKE 'books\_%'
                  AND pg_has_role(m.oid, g.oid, CASE WHEN current_setting('server_version_num')::int >= 160000
                                                     THEN 'USAGE' ELSE 'MEMBER' END))
   AND EXISTS (SELECT FROM pg_catalog.pg_roles AS g WHERE g.rolname LIKE 'benefits\_%'
                  AND pg_has_role(m.oid, g.oid, CASE WHEN current_setting('server_version_num')::int >= 160000
                                                     THEN 'USAGE' ELSE 'MEMBER' END));

-- proof: no function across the wall
SELECT format('%s mentions the other side', p.oid::regprocedure) FROM pg_catalog.pg_proc AS p
 WHERE (p.pronamespace = 'books'::regnamespace AND p.prosrc ~ 'benefits\.')
    OR (p.pronamespace = 'benefits'::regnamespace AND p.prosrc ~ 'books\.');

-- proof: nobody who signs in owns the books
SELECT format('%s owns %s', r.rolname, c.oid::regclass) FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
 WHERE c.relnamespace IN ('books'::regnamespace, 'benefits'::regnamespace)
   AND (r.rolcanlogin OR r.rolname NOT IN ('books_owner', 'benefits_owner'));
