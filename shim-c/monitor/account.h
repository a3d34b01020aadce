/* The name of the user and the group that a function runs as, and that no image knows. */
#ifndef BOXER_ACCOUNT_H
#define BOXER_ACCOUNT_H

/* As in Lambda's own base images. */
#define ACCOUNT "sbx_user1051"

#endif
