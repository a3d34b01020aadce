/** Keys of Boxer's services: their images are never pulled, and an attached `up` does not show their logs. */
export const ownServiceKeys = { pull_policy: 'never', attach: false, restart: 'unless-stopped' };
