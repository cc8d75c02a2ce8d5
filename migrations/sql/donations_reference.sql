-- What Piccolo cannot say of the giving tables, and the limits and word rules that every installation begins with.

-- One living plan per contact, fund and interval: a second one would debit twice.
CREATE UNIQUE INDEX monthly_plan_one_living ON monthly_plan (contact_email_index, fund_code, interval)
    WHERE status IN ('active', 'paused', 'payment_problem');

ALTER TABLE donation_line ADD FOREIGN KEY (campaign) REFERENCES campaign (id);
ALTER TABLE monthly_plan ADD FOREIGN KEY (campaign) REFERENCES campaign (id);

-- At most one undo per gift, and one open request.
CREATE UNIQUE INDEX refund_request_one_undo ON refund_request (donation) WHERE kind = 'undo';
CREATE UNIQUE INDEX refund_request_one_open ON refund_request (donation)
    WHERE kind = 'request' AND status = 'requested';

-- The sweep looks for gifts that wait.
CREATE INDEX donation_waiting ON donation (checkout_expires_at)
    WHERE status IN ('awaiting_payment', 'processing');

INSERT INTO gift_limit (id, kind, effective_from, amount_fen, times, window_minutes, reason) VALUES
    (gen_random_uuid(), 'gift_min', '2024-09-05', 100, NULL, NULL, 'below one yuan the payment fee eats the gift'),
    (gen_random_uuid(), 'gift_max', '2024-09-05', 5000000, NULL, NULL, 'larger gifts come by bank transfer with an agreement'),
    (gen_random_uuid(), 'large_gift', '2024-09-05', 2000000, NULL, NULL, 'source of funds is checked by staff'),
    (gen_random_uuid(), 'client_day_amount', '2024-09-05', 20000000, NULL, NULL, 'per device and day; carriers share addresses'),
    (gen_random_uuid(), 'contact_day_amount', '2024-09-05', 10000000, NULL, NULL, 'gifts by mistake or without capacity'),
    (gen_random_uuid(), 'client_count', '2024-09-05', NULL, 10, 1, 'card testing and automated small gifts'),
    (gen_random_uuid(), 'contact_count', '2024-09-05', NULL, 30, 1440, 'automated small gifts from one contact'),
    (gen_random_uuid(), 'find_count', '2024-09-05', NULL, 5, 60, 'no guessing of e-mail addresses');

INSERT INTO message_rule (id, kind, value, reason) VALUES
    (gen_random_uuid(), 'pattern', '(?:https?://|www\.)', 'link'),
    (gen_random_uuid(), 'pattern', '[a-z0-9-]+\.(?:com|cn|net|org|top|xyz|vip|cc|io|me|shop)\b', 'link'),
    (gen_random_uuid(), 'pattern', '[^\s@]+@[^\s@]+\.[a-z]{2,}', 'e-mail address'),
    (gen_random_uuid(), 'pattern', '1[3-9](?:[\s-]?\d){9}', 'telephone number'),
    (gen_random_uuid(), 'pattern', '\d{7,}', 'number of an account or a person'),
    (gen_random_uuid(), 'pattern', '(?:微信|威信|薇信|vx|v信|wx|wechat|qq|扣扣)\s*号?\s*[:：]?\s*[a-z0-9_-]{4,}', 'messenger account'),
    (gen_random_uuid(), 'word', '加微信', 'solicitation'),
    (gen_random_uuid(), 'word', '加我微信', 'solicitation'),
    (gen_random_uuid(), 'word', '贷款', 'advertisement'),
    (gen_random_uuid(), 'word', '刷单', 'advertisement'),
    (gen_random_uuid(), 'word', '兼职', 'advertisement'),
    (gen_random_uuid(), 'word', '代开发票', 'advertisement'),
    (gen_random_uuid(), 'word', '中奖', 'advertisement'),
    (gen_random_uuid(), 'word', '博彩', 'advertisement'),
    (gen_random_uuid(), 'word', '赌博', 'advertisement'),
    (gen_random_uuid(), 'word', '香烟', 'tobacco may not be promoted with a gift (Charity Law art. 40)'),
    (gen_random_uuid(), 'word', '卷烟', 'tobacco may not be promoted with a gift (Charity Law art. 40)'),
    (gen_random_uuid(), 'word', '烟草', 'tobacco may not be promoted with a gift (Charity Law art. 40)'),
    (gen_random_uuid(), 'word', '骗子', 'accusation: a person reads it'),
    (gen_random_uuid(), 'word', '傻逼', 'insult'),
    (gen_random_uuid(), 'word', '他妈的', 'insult'),
    (gen_random_uuid(), 'word', '去死', 'insult');
