/* SPDX-License-Identifier: BSD-2-Clause */
/* The duties of process 1, and files. */
#include "test/kvm/vmm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PIECE = 1 << 16, PARAMETERS_MAX = 3072 };

/* Files of /proc and /sys do not tell their size. */
char *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	size_t room = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	for (*size = 0; n > 0; *size += (size_t)n) {
		if (*size + 1 >= room) {
			room += PIECE;
			bytes = realloc(bytes, room);
			if (!bytes)
				die("out of memory", "%s", path);
		}
		n = read(fd, bytes + *size, room - *size - 1);
		if (n < 0)
			break;
	}
	if (n < 0)
		die(strerror(errno), "%s", path);
	close(fd);
	bytes[*size] = 0;
	return bytes;
}

char *read_line(const char *path)
{
	size_t size;
	char *text;

	if (access(path, F_OK))
		return NULL;
	text = read_file(path, &size);
	text[strcspn(text, "\n")] = 0;
	return text;
}

static void mount_at(const char *path, const char *type)
{
	mkdir(path, 0755); /* it may be there */
	/* EBUSY: CONFIG_DEVTMPFS_MOUNT was faster */
	if (mount(type, path, type, 0, NULL) && errno != EBUSY)
		die(strerror(errno), "mount %s", path);
}

static void load_module(const char *name, const char *parameters)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/m/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* EEXIST: it is built in */
	if (fd < 0 || (syscall(SYS_finit_module, fd, parameters, 0) && errno != EEXIST))
		die(strerror(errno), "module %s %s", name, parameters);
	close(fd);
}

static void load_modules(void)
{
	size_t size;
	char *rest, *line;

	if (access("/m/order", F_OK))
		return;
	rest = read_file("/m/order", &size);
	while ((line = strsep(&rest, "\n"))) {
		char *name = strsep(&line, " ");

		if (*name)
			load_module(name, line ? line : "");
	}
}

void init_begin(void)
{
	mount_at("/dev", "devtmpfs");
	mount_at("/proc", "proc");
	mount_at("/sys", "sysfs");
	load_modules();
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add_parameters(const char *module, char *out, size_t max)
{
	struct dirent **entries;
	char path[512];
	int n;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters", module);
	n = scandir(path, &entries, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		size_t at = strlen(out);
		char *value;

		snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module,
			 entries[i]->d_name);
		value = access(path, R_OK) ? NULL : read_line(path);
		if (value)
			snprintf(out + at, max - at, " %s.%s=%s", module, entries[i]->d_name,
				 value);
		free(value);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void say_what_is_below(void)
{
	char parameters[PARAMETERS_MAX] = "";
	struct utsname name;

	add_parameters("kvm", parameters, sizeof(parameters));
	add_parameters("kvm_intel", parameters, sizeof(parameters));
	add_parameters("kvm_amd", parameters, sizeof(parameters));
	if (uname(&name))
		die(strerror(errno), "uname");
	say("Linux %s %s, KVM parameters:%s", name.release, name.version,
	    *parameters ? parameters : " none");
}
