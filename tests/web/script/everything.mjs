// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a worker that seals would be bundled from; size_test.mjs weighs it and tries it out.

export { Sealer } from '../../../web/script/envelope.mjs';
export { openKeySet, sealingKeys } from '../../../web/script/keyset.mjs';
export { clean } from '../../../web/script/photo/clean.mjs';
export { newSubmission, sealReport } from '../../../web/script/report.mjs';
