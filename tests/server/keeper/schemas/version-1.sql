-- SPDX-License-Identifier: AGPL-3.0-or-later
--
-- A store of schema version 1, as the program of that version made one: 259 entries, so that its tree has a full tile;
-- two envelopes that wait.
-- Its log is test.example/log, signed by the seed of 32 bytes 05. An envelope is a header of the right shape and zeros, which is all
-- that a server can tell of one.
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE staged_chunk(key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE pending(key INTEGER PRIMARY KEY CHECK(key BETWEEN 0 AND 2251799813685247), size_class INTEGER NOT NULL,
                     leaf_hash BLOB NOT NULL) STRICT;
CREATE TABLE log(idx INTEGER PRIMARY KEY, size_class INTEGER NOT NULL, leaf_hash BLOB NOT NULL) STRICT;
CREATE TABLE log_chunk(key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE tree(one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL, frontier BLOB NOT NULL,
                  checkpoint BLOB NOT NULL) STRICT;
INSERT INTO tree VALUES(1, 0, x'', x'');
INSERT INTO pending VALUES(77001, 32768, x'0ca401ac4c5bf26869e267df1ccfd6b05ab092f35cc6bb308a247c5e01deb5ed');
INSERT INTO staged_chunk VALUES(77001 * 4096, CAST(char(1, 1) || replace(hex(zeroblob(616)), '0', 'c') AS BLOB)), (77001 * 4096 + 1, zeroblob(32784));
INSERT INTO pending VALUES(1234567890123, 65536, x'19143710285915084465e79e6ead3512058f59f3c9504e35a564482c15449bb3');
INSERT INTO staged_chunk VALUES(1234567890123 * 4096, CAST(char(1, 1) || replace(hex(zeroblob(616)), '0', 'd') AS BLOB)), (1234567890123 * 4096 + 1, zeroblob(65552));
-- An upload that was under way.
INSERT INTO staged_chunk VALUES(42 * 4096, CAST(char(1, 1) || replace(hex(zeroblob(616)), '0', 'e') AS BLOB));
CREATE TEMP TABLE entry AS WITH RECURSIVE entry(idx) AS (SELECT 0 UNION ALL SELECT idx + 1 FROM entry WHERE idx < 258) SELECT idx FROM entry;
INSERT INTO log SELECT idx, 32768, iif(idx % 2, x'1a1fa2e59e193e5ef6799bb6ad007327f49098899c6c557cb835a18c04204716', x'9a498db400ceea37079cde5f2219c98d7874424b35a732e8ba80e946afea10b1') FROM entry;
INSERT INTO log_chunk SELECT idx * 4096, iif(idx % 2, CAST(char(1, 1) || replace(hex(zeroblob(616)), '0', 'b') AS BLOB), CAST(char(1, 1) || replace(hex(zeroblob(616)), '0', 'a') AS BLOB)) FROM entry;
INSERT INTO log_chunk SELECT idx * 4096 + 1, zeroblob(32784) FROM entry;
DROP TABLE entry;
UPDATE tree SET size = 259, frontier = x'd4b7cf45b1659813d77295c2747497217719a28fa2b56b989fd20fb2cac61be01703c812654c72a0779fcf15bef962f1c4041d26ac9708aeae2350fdb065ba989a498db400ceea37079cde5f2219c98d7874424b35a732e8ba80e946afea10b1',
  checkpoint = x'746573742e6578616d706c652f6c6f670a3235390a6f6839364578623855784b373154496f456c336b3368696c384a304a4578653937336c5344696e3748784d3d0a0ae2809420746573742e6578616d706c652f6c6f6720482f5977316f306851625265366e4d45386c514a306253654f526941757258746e34725646623864754f654b704f35442b3754323364456b33733761702f2b4e7736757539434a3076334553557a3070637153437852466b7051593d0a';
PRAGMA application_id = 1095585345;
PRAGMA user_version = 1;
COMMIT;
