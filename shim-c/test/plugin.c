/* What test/loading.c loads. */
int plugin_value(void);
int plugin_value(void) { return 42; }
