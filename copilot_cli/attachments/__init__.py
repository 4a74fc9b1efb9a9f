"""What goes along with a question: files, folders, pages, images and changes, as parts of it.

A reference is what the person writes, after `-f` or `@`; an `Attachment` is what it stands for, in
memory. Rule: everything is read before anything is sent, and all of it is data with a name.
"""
