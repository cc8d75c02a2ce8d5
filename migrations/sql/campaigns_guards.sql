-- What a check on one row cannot say of a campaign.

CREATE INDEX campaign_update_newest ON campaign_update (campaign, published_at DESC, id DESC);
CREATE INDEX public_gift_newest ON public_gift (campaign, given_at DESC, id DESC);
CREATE INDEX public_gift_latest ON public_gift (given_at DESC, id DESC);
CREATE INDEX campaign_newest ON campaign (published_at DESC, id DESC);

-- The parts of a budget sum to the goal as soon as the plan leaves the desk.
CREATE FUNCTION campaign_budget_sums_to_goal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
    plan record;
    parts bigint;
BEGIN
    IF TG_TABLE_NAME = 'campaign' THEN which := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN which := OLD.campaign;
    ELSE which := NEW.campaign;
    END IF;
    SELECT state, goal_fen INTO plan FROM campaign WHERE id = which;
    IF NOT FOUND OR plan.state IN ('draft', 'returned', 'withdrawn') THEN RETURN NULL; END IF;
    SELECT COALESCE(sum(amount_fen), 0) INTO parts FROM campaign_budget_line WHERE campaign = which;
    IF parts <> plan.goal_fen THEN
        RAISE EXCEPTION 'the budget of campaign % sums to % and not to its goal %', which, parts, plan.goal_fen
            USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_has_budget_of_its_goal';
    END IF;
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER campaign_budget_of_goal AFTER INSERT OR UPDATE OF state, goal_fen ON campaign
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION campaign_budget_sums_to_goal();
CREATE CONSTRAINT TRIGGER campaign_budget_line_of_goal AFTER INSERT OR UPDATE OR DELETE ON campaign_budget_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION campaign_budget_sums_to_goal();

-- 慈善法 art. 27: no public fundraising on the net without a designated platform.
CREATE FUNCTION campaign_published_has_platform() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
BEGIN
    IF TG_TABLE_NAME = 'campaign' THEN which := NEW.id; ELSE which := OLD.campaign; END IF;
    IF EXISTS (SELECT 1 FROM campaign WHERE id = which AND state NOT IN ('draft', 'internal_review',
                'council_approved', 'filing_submitted', 'returned', 'withdrawn', 'filed'))
       AND NOT EXISTS (SELECT 1 FROM campaign_platform_link WHERE campaign = which) THEN
        RAISE EXCEPTION 'campaign % is published without a designated platform', which
            USING ERRCODE = 'check_violation', CONSTRAINT = 'published_has_platform_link';
    END IF;
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER campaign_on_platform AFTER INSERT OR UPDATE OF state ON campaign
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION campaign_published_has_platform();
CREATE CONSTRAINT TRIGGER campaign_keeps_platform AFTER UPDATE OR DELETE ON campaign_platform_link
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION campaign_published_has_platform();

-- What was filed stays as it was filed; a change goes by an amendment that is filed anew (慈善法 art. 56).
CREATE FUNCTION campaign_filed_plan_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('draft', 'internal_review', 'returned', 'withdrawn', 'amendment_pending') AND
       (OLD.slug, OLD.title, OLD.fund_code, OLD.purpose, OLD.starts_on, OLD.ends_on, OLD.region, OLD.goal_fen,
        OLD.beneficiary_scope, OLD.beneficiary_count, OLD.beneficiary_selection, OLD.use_of_funds,
        OLD.cost_note, OLD.surplus_rule, OLD.over_target, OLD.over_target_rule, OLD.bank_account_masked)
       IS DISTINCT FROM
       (NEW.slug, NEW.title, NEW.fund_code, NEW.purpose, NEW.starts_on, NEW.ends_on, NEW.region, NEW.goal_fen,
        NEW.beneficiary_scope, NEW.beneficiary_count, NEW.beneficiary_selection, NEW.use_of_funds,
        NEW.cost_note, NEW.surplus_rule, NEW.over_target, NEW.over_target_rule, NEW.bank_account_masked) THEN
        RAISE EXCEPTION 'the filed plan of campaign % cannot be changed without an amendment', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_plan_stays';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER campaign_filed_plan_stays BEFORE UPDATE ON campaign
    FOR EACH ROW EXECUTE FUNCTION campaign_filed_plan_stays();

-- History is only ever added to.
CREATE FUNCTION campaign_step_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of campaigns is append-only';
END;
$$;
CREATE TRIGGER campaign_step_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_step
    FOR EACH STATEMENT EXECUTE FUNCTION campaign_step_stays();
REVOKE UPDATE, DELETE ON campaign_step FROM cishan_app;
