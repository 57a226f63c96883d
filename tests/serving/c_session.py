"""Loads a SavedModel through TensorFlow's C API, by ctypes, into the session that TensorFlow Serving uses."""

import contextlib
import ctypes
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2


class Output(ctypes.Structure):
    """TF_Output."""

    _fields_ = [("operation", c_void_p), ("index", c_int)]


class Buffer(ctypes.Structure):
    """TF_Buffer."""

    _fields_ = [("data", c_void_p), ("length", c_size_t), ("free", c_void_p)]


def library():
    lib = ctypes.CDLL(str(Path(tf.sysconfig.get_lib()) / "libtensorflow_cc.so.2"))
    pointers = "TF_NewStatus TF_NewGraph TF_NewSessionOptions TF_LoadSessionFromSavedModel"
    for name in [*pointers.split(), "TF_AllocateTensor", "TF_TensorData", "TF_GraphOperationByName"]:
        getattr(lib, name).restype = c_void_p
    lib.TF_Message.restype = c_char_p
    lib.TF_Dim.restype = c_int64
    lib.TF_TensorByteSize.restype = c_size_t
    return lib


class SavedModelError(RuntimeError):
    """An error of the C API; `code` is a gRPC status code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Session:
    """session(signature, inputs by name) -> outputs by name, numpy arrays both. Threads may share one."""

    def __init__(self, folder):
        self.lib = library()
        self.graph = c_void_p(self.lib.TF_NewGraph())
        options, buffer, tags = c_void_p(self.lib.TF_NewSessionOptions()), Buffer(), (c_char_p * 1)(b"serve")
        with self.status() as status:
            self.session = self.lib.TF_LoadSessionFromSavedModel(
                options, None, str(folder).encode(), tags, 1, self.graph, byref(buffer), status
            )
        self.session = c_void_p(self.session)
        meta = ctypes.string_at(buffer.data, buffer.length)
        self.signatures = meta_graph_pb2.MetaGraphDef.FromString(meta).signature_def

    @contextlib.contextmanager
    def status(self):
        """Yields a TF_Status, and raises its error unless it is OK."""
        status = c_void_p(self.lib.TF_NewStatus())
        yield status
        code, message = self.lib.TF_GetCode(status), self.lib.TF_Message(status).decode()
        self.lib.TF_DeleteStatus(status)
        if code:
            raise SavedModelError(code, message)

    def output(self, info):
        name, index = info.name.split(":")
        return Output(self.lib.TF_GraphOperationByName(self.graph, name.encode()), int(index))

    def tensor(self, array):
        array = np.asarray(array, order="C")
        text = array.dtype.kind in "SO"
        dtype = tf.string if text else tf.as_dtype(array.dtype)
        size = 24 * array.size if text else array.nbytes  # a TF_TString has 24 bytes
        dims = (c_int64 * array.ndim)(*array.shape)
        tensor = c_void_p(self.lib.TF_AllocateTensor(dtype.as_datatype_enum, dims, array.ndim, c_size_t(size)))
        data = self.lib.TF_TensorData(tensor)
        if text:
            for i, item in enumerate(array.ravel().tolist()):
                self.lib.TF_StringInit(c_void_p(data + 24 * i))
                self.lib.TF_StringCopy(c_void_p(data + 24 * i), item, c_size_t(len(item)))
        elif array.size:
            ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return tensor

    def array(self, tensor):
        tensor = c_void_p(tensor)
        shape = [self.lib.TF_Dim(tensor, i) for i in range(self.lib.TF_NumDims(tensor))]
        dtype = tf.as_dtype(self.lib.TF_TensorType(tensor)).as_numpy_dtype
        data = ctypes.string_at(self.lib.TF_TensorData(tensor), self.lib.TF_TensorByteSize(tensor))
        self.lib.TF_DeleteTensor(tensor)
        return np.frombuffer(data, dtype).reshape(shape)

    def __call__(self, signature, **inputs):
        known = self.signatures[signature]
        feeds = (Output * len(inputs))(*(self.output(known.inputs[name]) for name in inputs))
        fetches = (Output * len(known.outputs))(*(self.output(info) for info in known.outputs.values()))
        fed = (c_void_p * len(inputs))(*(self.tensor(value) for value in inputs.values()))
        got = (c_void_p * len(fetches))()
        try:
            with self.status() as status:
                self.lib.TF_SessionRun(
                    self.session, None, feeds, fed, len(fed), fetches, got, len(got), None, 0, None, status
                )
        finally:
            for tensor in fed:
                self.lib.TF_DeleteTensor(c_void_p(tensor))
        return {name: self.array(tensor) for name, tensor in zip(known.outputs, got, strict=True)}

    def close(self):
        with self.status() as status:
            self.lib.TF_DeleteSession(self.session, status)
        self.lib.TF_DeleteGraph(self.graph)
