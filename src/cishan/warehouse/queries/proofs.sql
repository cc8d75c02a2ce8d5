-- The proofs of the stock: each is a question that must have no answer on a database at rest.
-- A proof lists in words what breaks it, first things first. Its name stands after "-- proof:".

-- proof: moves
SELECT format('lot %s in %s: the balance says %s there, the moves say %s', l.number, b.code,
              coalesce(s.on_hand, 0), coalesce(m.on_hand, 0))
  FROM (SELECT lot, bin, sum(on_hand) AS on_hand FROM stock_move GROUP BY lot, bin) AS m
  FULL JOIN stock_balance AS s ON s.lot = m.lot AND s.bin = m.bin
  LEFT JOIN stock_lot AS l ON l.id = coalesce(s.lot, m.lot) LEFT JOIN stock_bin AS b ON b.id = coalesce(s.bin, m.bin)
 WHERE coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) ORDER BY l.number, b.code;

-- proof: promises
SELECT format('lot %s in %s: the balance promises %s, the moves %s', l.number, b.code,
              coalesce(s.reserved, 0), coalesce(m.reserved, 0))
  FROM (SELECT lot, bin, sum(reserved) AS reserved FROM stock_move GROUP BY lot, bin) AS m
  FULL JOIN stock_balance AS s ON s.lot = m.lot AND s.bin = m.bin
  LEFT JOIN stock_lot AS l ON l.id = coalesce(s.lot, m.lot) LEFT JOIN stock_bin AS b ON b.id = coalesce(s.bin, m.bin)
 WHERE coalesce(s.reserved, 0) <> coalesce(m.reserved, 0) ORDER BY l.number, b.code;

-- proof: orders
SELECT format('lot %s in %s: %s are promised, the orders hold %s', l.number, b.code,
              coalesce(s.reserved, 0), coalesce(p.held, 0))
  FROM (SELECT lot, bin, sum(quantity) AS held FROM goods_pick
         WHERE state IN ('reserved', 'picked', 'missing') GROUP BY lot, bin) AS p
  FULL JOIN stock_balance AS s ON s.lot = p.lot AND s.bin = p.bin
  LEFT JOIN stock_lot AS l ON l.id = coalesce(s.lot, p.lot) LEFT JOIN stock_bin AS b ON b.id = coalesce(s.bin, p.bin)
 WHERE coalesce(s.reserved, 0) <> coalesce(p.held, 0) ORDER BY l.number, b.code;

-- proof: never below nought
SELECT format('lot %s in %s: %s there and %s promised', l.number, b.code, s.on_hand, s.reserved)
  FROM stock_balance AS s JOIN stock_lot AS l ON l.id = s.lot JOIN stock_bin AS b ON b.id = s.bin
 WHERE s.reserved < 0 OR s.on_hand < s.reserved ORDER BY l.number, b.code;

-- proof: lots
SELECT format('lot %s says %s pieces, its bins hold %s', l.number, l.on_hand, coalesce(s.on_hand, 0))
  FROM stock_lot AS l
  LEFT JOIN (SELECT lot, sum(on_hand) AS on_hand FROM stock_balance GROUP BY lot) AS s ON s.lot = l.id
 WHERE l.on_hand <> coalesce(s.on_hand, 0) ORDER BY l.number;

-- proof: values
SELECT format('lot %s says %s 分, its causes say %s', l.number, l.value_fen, coalesce(v.value_fen, 0))
  FROM stock_lot AS l
  LEFT JOIN (SELECT lot, sum(value_fen) AS value_fen FROM stock_value GROUP BY lot) AS v ON v.lot = l.id
 WHERE l.value_fen <> coalesce(v.value_fen, 0) ORDER BY l.number;

-- proof: value goes with goods
SELECT format('lot %s: %s pieces worth %s 分 of %s', l.number, l.on_hand, l.value_fen, l.cost_fen)
  FROM stock_lot AS l
 WHERE l.value_fen NOT BETWEEN 0 AND l.cost_fen OR l.on_hand NOT BETWEEN 0 AND l.quantity
    OR (l.cost_fen > 0 AND (l.on_hand = 0) <> (l.value_fen = 0)) ORDER BY l.number;

-- proof: bins that stand still
SELECT format('bin %s stands still for stocktake %s, which has ended', b.code, t.number)
  FROM stock_bin AS b JOIN stocktake AS t ON t.id = b.frozen_by WHERE t.state IN ('done', 'abandoned')
 ORDER BY b.code;

-- proof: reversals
SELECT format('lot %s: %s pieces worth %s 分 came in, the reversal took out %s worth %s', l.number, w.pieces, w.value_fen,
              -w.back, -w.value_back)
  FROM (SELECT m.lot, sum(m.on_hand) FILTER (WHERE m.cause = u.reverses) AS pieces,
               sum(m.on_hand) FILTER (WHERE m.cause = u.id) AS back,
               (SELECT coalesce(sum(v.value_fen), 0) FROM stock_value AS v WHERE v.cause = u.reverses AND v.lot = m.lot) AS value_fen,
               (SELECT coalesce(sum(v.value_fen), 0) FROM stock_value AS v WHERE v.cause = u.id AND v.lot = m.lot) AS value_back
          FROM stock_cause AS u JOIN stock_move AS m ON m.cause IN (u.id, u.reverses)
         WHERE u.kind = 'unreceive' GROUP BY u.id, u.reverses, m.lot) AS w
  JOIN stock_lot AS l ON l.id = w.lot
 WHERE (w.pieces + w.back, w.value_fen + w.value_back) IS DISTINCT FROM (0, 0)
 ORDER BY l.number;

-- proof: agreed reversals
SELECT format('the receipt %s: somebody agreed to reverse it %s times, and it was reversed %s times', r.received,
              r.agreed, r.reversed)
  FROM (SELECT c.id AS received,
               (SELECT count(*) FROM goods_reversal AS g WHERE g.received = c.id AND g.state = 'agreed') AS agreed,
               (SELECT count(*) FROM stock_cause AS u WHERE u.reverses = c.id AND u.kind = 'unreceive') AS reversed
          FROM stock_cause AS c WHERE c.kind = 'receive') AS r
 WHERE r.agreed <> r.reversed ORDER BY r.received;
