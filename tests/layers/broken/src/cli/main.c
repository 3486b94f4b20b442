/* The one file that may. */
int main(void)
{
    exit(0);
}
