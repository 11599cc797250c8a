"""Running segments over plain Python: the interpreter, which is the reference of every other way to run one."""
