-- Numbers of users that are dealt end below 2^52; from there on they are made of an address (farebox_api.registration_ids), and
-- nobody's. An operator gives a user of its own any number up to 2^53 - 1, as before.
alter sequence farebox.user_numbers maxvalue 4398046511103;
