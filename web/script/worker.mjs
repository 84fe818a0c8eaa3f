// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The worker of the form's page. It is told, and tells, what workshop.mjs says, and with "send" and "cost" `receipt`: whether a code is
// wanted. What is stored is then told with `receipt`: { digits, picture }, and the code before that with nobody.
//
// Whatever was sent of one page until it is stored has one code, as it has one submission: whichever of two the desk keeps, the code
// is its.
import { picture } from './picture.mjs';
import { newReceipt } from './receipt.mjs';
import { Workshop, listen } from './workshop.mjs';

export class FormWorkshop extends Workshop {
  renew() {
    super.renew();
    this.receipt = null;
  }

  written({ receipt, ...message }) {
    if (receipt && !this.receipt) this.receipt = newReceipt(this.random, this.root);
    return { ...super.written(message), ...(receipt && { inbox: this.receipt.inbox }) };
  }

  keepsake({ receipt }) {
    if (!receipt) return {};
    const { digits } = this.receipt;
    return { receipt: { digits, picture: picture(digits) } };
  }
}

if (typeof WorkerGlobalScope !== 'undefined') listen(FormWorkshop);
