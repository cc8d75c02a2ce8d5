-- Who moved goods at all is read by skipping from person to person, what somebody moved last from its end.
CREATE INDEX stock_cause_of_person ON stock_cause (person, at) WHERE person IS NOT NULL;
