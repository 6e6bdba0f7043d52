# About a hundred system calls on a directory that holds `old` (see daemons.test.ts), one after the other. What fails,
# fails; strace tells. Argument: DIR
use strict;
use Fcntl;

my ($d) = @ARGV;
chdir '/';

sub make {
    my ($path, $text) = @_;
    sysopen(my $file, "$d/$path", O_WRONLY | O_CREAT | O_EXCL, 0644) or return;
    syswrite $file, $text;
    close $file;
}

sub over {
    my ($path, $text) = @_;
    sysopen(my $file, "$d/$path", O_WRONLY) or return;
    syswrite $file, $text;
    close $file;
}

sub take {
    my ($path) = @_;
    sysopen(my $file, "$d/$path", O_RDONLY) or return;
    sysread $file, my $text, 65536;
    close $file;
}

sub list {
    my ($path) = @_;
    opendir(my $directory, "$d/$path") or return;
    my @names = readdir $directory;
    closedir $directory;
}

# What was there before anybody looked.
list "old";
take "old/$_" for qw(a b c/d);
readlink "$d/old/link";
stat "$d/old/c/none-$_" for 1 .. 5;

# Made, filled, seen again, with names of all kinds.
mkdir "$d/new";
mkdir "$d/new/sub";
make "new/file-$_", "text $_" for 1 .. 6;
make "new/two words", "x" x 5000;
make "new/h\xc3\xa4\xc3\xb6", "umlauts";
make "new/" . "n" x 120, "long";
take "new/file-$_" for 1 .. 3;
make "new/file-1", "is there";
make "none/file", "has no directory";

# Changed.
chmod 0600, "$d/new/file-1";
chmod 0600, "$d/new/none";
truncate "$d/new/file-2", 3;
utime 1_000_000_000, 1_000_000_000, "$d/new/file-3";
over "new/file-4", "more";

# Moved about, directories too.
rename "$d/new/file-1", "$d/new/sub/moved";
rename "$d/new/file-2", "$d/new/file-3";
rename "$d/new/none", "$d/new/anything";
rename "$d/new/sub", "$d/new/other";
take "new/other/moved";
rename "$d/new", "$d/newer";
take "newer/other/moved";
take "newer/file-3";
stat "$d/newer/other/none-$_" for 1 .. 5;
rename "$d/newer/other", "$d/top";
take "top/moved";
make "top/fresh", "in a moved directory";

# Names of other kinds.
link "$d/newer/file-4", "$d/top/linked";
symlink "moved", "$d/top/symbolic";
readlink "$d/top/symbolic";
list "top";

# Taken away again.
rmdir "$d/top";
rmdir "$d/newer/never";
unlink "$d/top/$_" for qw(linked symbolic fresh moved none);
rmdir "$d/top";
stat "$d/top/moved";
mkdir "$d/top";
stat "$d/top/moved";
unlink "$d/newer/file-$_" for 3 .. 6;
unlink "$d/newer/two words";
list "newer";
stat "$d/last";
