-- Chart of accounts of the 民间非营利组织会计制度 in force from 2026-01-01 (财会〔2024〕25号), with the code of the
-- system before where the heading had another one. 1010 and the two halves of 4101 are sub-accounts of ours.
SET LOCAL ROLE books_owner;

INSERT INTO books.unit (code, kind, scale) VALUES ('CNY', 'currency', 2), ('HKD', 'currency', 2), ('USD', 'currency', 2);

INSERT INTO books.gl (code, name_zh, name_en, kind, guard, code_before_2026) VALUES
  ('1001', '现金', 'Cash on hand', 'asset', 0, '1001'),
  ('1002', '银行存款', 'Bank deposits', 'asset', 0, '1002'),
  ('1009', '其他货币资金', 'Payment channels', 'asset', 0, '1009'),
  ('1010', '在途付款', 'Payments in transit', 'asset', -1, '1002'),
  ('1121', '应收账款', 'Accounts receivable', 'asset', 0, '1121'),
  ('1122', '其他应收款', 'Other receivables', 'asset', 0, '1122'),
  ('1141', '预付账款', 'Prepayments', 'asset', 0, '1141'),
  ('1201', '存货', 'Goods in stock', 'asset', 1, '1201'),
  ('1202', '存货跌价准备', 'Provision for goods', 'asset', 0, '1202'),
  ('1501', '固定资产', 'Fixed assets', 'asset', 0, '1501'),
  ('1502', '累计折旧', 'Accumulated depreciation', 'asset', 0, '1502'),
  ('1506', '文物资源', 'Cultural relics', 'asset', 0, '1506'),
  ('1601', '无形资产', 'Intangible assets', 'asset', 0, '1601'),
  ('1801', '受托代理资产', 'Agency assets', 'asset', 1, '1701'),
  ('2202', '应付账款', 'Accounts payable', 'liability', -1, '2202'),
  ('2203', '预收账款', 'Receipts in advance', 'liability', 0, '2203'),
  ('2204', '应付职工薪酬', 'Staff pay payable', 'liability', 0, '2204'),
  ('2206', '应交税费', 'Taxes payable', 'liability', 0, '2206'),
  ('2209', '其他应付款', 'Other payables and unidentified receipts', 'liability', 0, '2209'),
  ('2503', '预计负债', 'Provisions', 'liability', 0, '2401'),
  ('2601', '受托代理负债', 'Agency liabilities', 'liability', 0, '2601'),
  ('3101', '非限定性净资产', 'Unrestricted net assets', 'net_asset', 0, '3101'),
  ('3102', '限定性净资产', 'Restricted net assets', 'net_asset', 0, '3102'),
  ('3201', '以前年度净资产调整', 'Adjustments of earlier years', 'net_asset', 0, NULL),
  ('4101', '捐赠收入', 'Gifts', 'revenue', 0, '4101'),
  ('410101', '捐赠收入—非限定性', 'Unrestricted gifts', 'revenue', 0, '4101'),
  ('410102', '捐赠收入—限定性', 'Restricted gifts', 'revenue', 0, '4101'),
  ('4201', '会费收入', 'Membership fees', 'revenue', 0, '4201'),
  ('4301', '提供服务收入', 'Service revenue', 'revenue', 0, '4301'),
  ('4401', '政府补助收入', 'Government grants', 'revenue', 0, '4401'),
  ('4501', '商品销售收入', 'Sales of goods', 'revenue', 0, '4501'),
  ('4601', '投资收益', 'Investment income', 'revenue', 0, '4601'),
  ('4701', '总部拨款收入', 'Transfers from headquarters', 'revenue', 0, NULL),
  ('4901', '其他收入', 'Other revenue', 'revenue', 0, '4901'),
  ('5101', '业务活动成本', 'Programme costs', 'expense', 0, '5101'),
  ('5201', '税金及附加', 'Taxes and surcharges', 'expense', 0, NULL),
  ('5301', '管理费用', 'Management costs', 'expense', 0, '5201'),
  ('5401', '筹资费用', 'Fundraising costs', 'expense', 0, '5301'),
  ('5501', '资产减值损失', 'Impairment losses', 'expense', 0, NULL),
  ('5601', '所得税费用', 'Income tax', 'expense', 0, NULL),
  ('5901', '其他费用', 'Other costs', 'expense', 0, '5401');

INSERT INTO books.fund (code, name, restriction, opened_on) VALUES
  ('GEN', '非限定性一般基金', 'unrestricted', '2020-01-01'),
  ('A-AGENT', '受托代理', 'agency', '2020-01-01');

RESET ROLE;
