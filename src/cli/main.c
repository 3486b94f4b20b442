#include <stdio.h>
int main(void){puts("sld");return 0;}
