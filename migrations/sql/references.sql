-- The reference that people read on a page and say on the telephone is the end of the id.
CREATE INDEX approval_by_reference ON approval (upper(right(id::text, 8)));
CREATE INDEX refund_request_by_reference ON refund_request (upper(right(id::text, 8)));
CREATE INDEX monthly_plan_by_reference ON monthly_plan (upper(right(id::text, 8)));
-- An approval is also looked for by what it is about (a gift's number, a movement), and by its payee.
CREATE INDEX approval_by_title ON approval (title);
CREATE INDEX approval_by_subject ON approval (subject_id);
CREATE INDEX approval_by_payee_contact ON approval (payee_contact_index) WHERE payee_contact_index IS NOT NULL;
